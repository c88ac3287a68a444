// What only the library under sanitizers has (-DEARTHCRAFT_SANITIZE=ON): three faults, by which `make test-sanitize` sees that faults are found, and
// what AddressSanitizer needs to live inside bun.

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <signal.h>
#include <torch/library.h>

namespace earthcraft {
namespace {

// bun's stack for signals begins at an odd address. AddressSanitizer, which looks at that stack at every exception, ends the process over it.
__attribute__((constructor)) void leave_signal_stack() {
  stack_t off = {};
  off.ss_flags = SS_DISABLE;
  sigaltstack(&off, nullptr);
}

// The element behind the last one.
double read_beyond(const at::Tensor& x) {
  const float* values = x.const_data_ptr<float>();
  return const_cast<const volatile float*>(values)[x.numel()];
}

double read_freed(const at::Tensor& x) {
  const volatile float* values = nullptr;
  {
    const at::Tensor gone = at::empty(x.sizes(), x.options()).zero_();
    values = gone.const_data_ptr<float>();
  }
  return values[0];
}

int64_t overflow(int64_t value) {
  volatile int64_t most = INT64_MAX;
  return most + value;
}

TORCH_LIBRARY_FRAGMENT(earthcraft, m) {
  m.def("fault_read_beyond(Tensor x) -> float", &read_beyond);
  m.def("fault_read_freed(Tensor x) -> float", &read_freed);
  m.def("fault_overflow(int value) -> int", &overflow);
}

}  // namespace
}  // namespace earthcraft
