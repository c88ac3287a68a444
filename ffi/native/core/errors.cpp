#include "errors.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <new>
#include <thread>

#include "allocator.h"
#include "control.h"
#include "device.h"
#include "frame.h"

namespace earthcraft {
namespace {

std::mutex session_mutex;
std::thread::id session_thread;

bool mentions(const std::string& text, std::initializer_list<const char*> words) {
  return std::any_of(words.begin(), words.end(), [&](const char* word) { return text.find(word) != std::string::npos; });
}

// ATen throws plain c10::Error for most wrong shapes and dtypes; its words tell them apart.
ec_status kind_of(const std::string& text) {
  if (mentions(text, {"out of memory", "can't allocate memory", "not enough memory", "STATUS_ALLOC_FAILED"})) return EC_MEMORY;
  if (mentions(text, {"CUDA error"})) return EC_CUDA_LOST;
  if (mentions(text, {"not implemented for", "Could not run", "No such operator"})) return EC_UNSUPPORTED;
  if (mentions(text, {"shape", "size", "dimension", "dim ", "-D ", "broadcast", "elements"})) return EC_SHAPE;
  if (mentions(text, {"dtype", "scalar type", "ScalarType", "data type", "Float", "Long", "type "})) return EC_DTYPE;
  if (mentions(text, {"index", "out of range", "out of bounds"})) return EC_INDEX;
  return EC_ARGUMENT;
}

// libtorch tells of a GPU's memory in several sentences, which end in advice about its own settings.
std::string about_memory(const c10::Error& error) {
  const std::string text = error.what_without_backtrace(), report = gpu_memory_report();
  if (report.empty() || !mentions(text, {"CUDA out of memory"})) return text;
  const size_t end = text.find(". GPU ");
  return text.substr(0, end) + "; " + report;
}

int32_t put(ec_status status, const char* message) noexcept {
  ec_frame_block& block = frame();
  const size_t bytes = std::min<size_t>(std::strlen(message), EC_MESSAGE_BYTES);
  std::memcpy(block.message, message, bytes);
  block.status = status;
  block.message_bytes = static_cast<double>(bytes);
  return status;
}

}  // namespace

void fail(ec_status status, const std::string& message) { throw Failure(status, message); }

bool is_out_of_memory(const c10::Error& error) noexcept {
  try {
    return dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr || kind_of(error.what_without_backtrace()) == EC_MEMORY;
  } catch (...) {
    return false;
  }
}

int32_t record_failure() noexcept {
  try {
    throw;
  } catch (const Failure& e) {
    return put(e.status, e.what());
  } catch (const c10::OutOfMemoryError& e) {
    try {
      return put(EC_MEMORY, about_memory(e).c_str());
    } catch (...) {
      return put(EC_MEMORY, "out of memory");
    }
  } catch (const c10::IndexError& e) {
    return put(EC_INDEX, e.what_without_backtrace());
  } catch (const c10::NotImplementedError& e) {
    return put(EC_UNSUPPORTED, e.what_without_backtrace());
  } catch (const c10::TypeError& e) {
    return put(EC_DTYPE, e.what_without_backtrace());
  } catch (const c10::Error& e) {
    try {
      return put(kind_of(e.what_without_backtrace()), e.what_without_backtrace());
    } catch (...) {
      return put(EC_INTERNAL, "an error whose text could not be read");
    }
  } catch (const std::bad_alloc&) {
    const MemoryStatistics memory = memory_statistics();
    char text[200];
    std::snprintf(text, sizeof text, "out of memory: working memory beside %zu bytes of tensors in use, %zu at most until now", memory.live,
                  memory.peak);
    return put(EC_MEMORY, text);
  } catch (const std::exception& e) {
    // c10 has no error class of its own for a number that a type does not hold.
    return put(std::strstr(e.what(), "without overflow") != nullptr ? EC_ARGUMENT : EC_INTERNAL, e.what());
  } catch (...) {
    return put(EC_INTERNAL, "an exception that is no std::exception");
  }
}

void bind_session() {
  const std::lock_guard<std::mutex> lock(session_mutex);
  if (session_thread == std::thread::id()) session_thread = std::this_thread::get_id();
}

void check_session() {
  if (session_thread != std::this_thread::get_id())
    fail(EC_THREAD, session_thread == std::thread::id() ? "call ec_init first" : "tensors belong to another thread of this process");
}

void check_cancelled() {
  if (control().cancel) fail(EC_CANCELLED, "cancelled");
}

}  // namespace earthcraft
