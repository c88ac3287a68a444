// What a process sets once, before its first operator.

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <c10/util/Exception.h>

#include <cstdlib>
#include <string>

#include "allocator.h"
#include "errors.h"
#include "frame.h"
#include "handles.h"

using namespace earthcraft;

namespace {

// libtorch writes its warnings to stderr, where they would tear the progress display, and none of them tells a user what to do. One of them is an
// error: backward through an operator without a formula leaves out a gradient.
struct Warnings final : c10::WarningHandler {
  void process(const c10::Warning& warning) override {
    if (warning.msg().find("an autograd kernel was not registered") == std::string::npos) return;
    fail(EC_UNSUPPORTED,
         warning.msg().substr(0, warning.msg().find(": ")) + " has no derivative: detach its inputs, or do not differentiate through it");
  }
};

}  // namespace

int32_t ec_abi_version(void) noexcept { return EC_ABI_VERSION; }

ec_frame_block* ec_frame(void) noexcept { return &frame(); }

int32_t ec_init(void) noexcept {
  try {
    bind_session();
    check_session();
    // Before MKL and OpenMP start: equal bits whatever the alignment of memory, and no change of the number of threads behind our back.
    setenv("MKL_CBWR", "AUTO", 0);
    setenv("MKL_DYNAMIC", "FALSE", 0);
    setenv("OMP_DYNAMIC", "FALSE", 0);
    at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/false);
    static auto* warnings = new Warnings();
    c10::WarningUtils::set_warning_handler(warnings);
    install_allocator();
    // Our operators write all they allocate; filling every fresh tensor would cost more than many operators do.
    at::globalContext().setDeterministicFillUninitializedMemory(false);
    return EC_OK;
  } catch (...) {
    return record_failure();
  }
}

int32_t ec_threads_set(int32_t threads) noexcept {
  return guarded_status([&] {
    if (threads < 1 || threads > 1024) fail(EC_ARGUMENT, "threads: expected 1 to 1024, got " + std::to_string(threads));
    at::set_num_threads(threads);
  });
}

int32_t ec_threads_get(void) noexcept {
  return guarded_count([&] { return at::get_num_threads(); });
}
