#include "errors.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>
#include <new>
#include <thread>

#include "control.h"
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
  if (mentions(text, {"out of memory", "can't allocate memory", "not enough memory"})) return EC_MEMORY;
  if (mentions(text, {"CUDA error"})) return EC_CUDA_LOST;
  if (mentions(text, {"not implemented for", "Could not run", "No such operator"})) return EC_UNSUPPORTED;
  if (mentions(text, {"shape", "size", "dimension", "dim ", "-D ", "broadcast", "elements"})) return EC_SHAPE;
  if (mentions(text, {"dtype", "scalar type", "ScalarType", "data type", "Float", "Long", "type "})) return EC_DTYPE;
  if (mentions(text, {"index", "out of range", "out of bounds"})) return EC_INDEX;
  return EC_ARGUMENT;
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

int32_t record_failure() noexcept {
  try {
    throw;
  } catch (const Failure& e) {
    return put(e.status, e.what());
  } catch (const c10::OutOfMemoryError& e) {
    return put(EC_MEMORY, e.what_without_backtrace());
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
    return put(EC_MEMORY, "out of memory");
  } catch (const std::exception& e) {
    return put(EC_INTERNAL, e.what());
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
