// How a failure reaches TypeScript: a kind and a message in the frame, never an exception, never output.
#pragma once

#include <c10/util/Exception.h>

#include <stdexcept>
#include <string>

#include "../include/earthcraft.h"

namespace earthcraft {

class Failure : public std::runtime_error {
 public:
  Failure(ec_status status, const std::string& message) : std::runtime_error(message), status(status) {}
  const ec_status status;
};

[[noreturn]] void fail(ec_status status, const std::string& message);

// Whether memory is what was missing, on any device.
bool is_out_of_memory(const c10::Error& error) noexcept;

// Puts the exception in flight into the frame and returns its kind.
int32_t record_failure() noexcept;

// The thread that owns tensors; others are refused, because grad mode, autocast and scopes belong to one thread.
void bind_session();
void check_session();

// Long loops call this between pieces of work.
void check_cancelled();

// Runs the body of an export. `failed` makes the export's return value of a status.
template <class Body, class Failed>
auto guarded(Body&& body, Failed&& failed) noexcept -> decltype(body()) {
  try {
    check_session();
    return body();
  } catch (...) {
    return static_cast<decltype(body())>(failed(record_failure()));
  }
}

template <class Body>
int32_t guarded_status(Body&& body) noexcept {
  return guarded(
      [&]() -> int32_t {
        body();
        return EC_OK;
      },
      [](int32_t status) { return status; });
}

template <class Body>
int32_t guarded_count(Body&& body) noexcept {
  return guarded([&]() -> int32_t { return body(); }, [](int32_t status) { return -status; });
}

template <class Body>
ec_handle guarded_handle(Body&& body) noexcept {
  return guarded([&]() -> ec_handle { return body(); }, [](int32_t) { return 0; });
}

}  // namespace earthcraft
