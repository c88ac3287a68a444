#include <ATen/autocast_mode.h>
#include <ATen/core/Tensor.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <vector>

#include "device.h"
#include "errors.h"
#include "frame.h"
#include "handles.h"
#include "recording.h"

namespace earthcraft {
namespace {

std::vector<Mode>& autocast_stack() {
  static auto* stack = new std::vector<Mode>();
  return *stack;
}

const at::Tensor& usable(ec_handle handle) {
  const Slot& slot = slot_of(handle);
  check_usable(slot.recording);
  return slot.tensor;
}

std::vector<at::Tensor> read_tensors(FrameReader& in, int32_t count) {
  std::vector<at::Tensor> tensors;
  for (int32_t i = 0; i < count; ++i) {
    const ec_handle handle = in.handle();
    tensors.push_back(handle == 0 ? at::Tensor() : usable(handle));
  }
  return tensors;
}

void check_no_recording(const char* what) {
  if (recording() != nullptr) fail(EC_CHECKPOINT, std::string("a checkpointed segment may not ") + what);
}

}  // namespace
}  // namespace earthcraft

using namespace earthcraft;

int32_t ec_autograd_enable(int32_t on) noexcept {
  return guarded_count([&]() -> int32_t {
    if (Recording* r = recording()) {  // the segment runs without grad; its replay will follow what it asked for
      const bool before = r->logical_grad;
      r->logical_grad = on != 0;
      return before ? 1 : 0;
    }
    const bool before = c10::GradMode::is_enabled();
    c10::GradMode::set_enabled(on != 0);
    return before ? 1 : 0;
  });
}

int32_t ec_autograd_require(ec_handle tensor, int32_t on) noexcept {
  return guarded_status([&] {
    check_no_recording("change requiresGrad");
    usable(tensor).set_requires_grad(on != 0);
  });
}

int32_t ec_autograd_backward(ec_handle tensor, ec_handle gradient, int32_t retain_graph) noexcept {
  return guarded_status([&] {
    check_no_recording("run backward");
    const at::Tensor seed = gradient == 0 ? at::Tensor() : usable(gradient);
    const at::Tensor root = usable(tensor);
    note_backward();
    torch::autograd::backward({root}, {seed}, retain_graph != 0);
  });
}

int32_t ec_autograd_grad(int32_t outputs, int32_t inputs, int32_t create_graph) noexcept {
  return guarded_status([&] {
    check_no_recording("run backward");
    FrameReader in;
    const std::vector<at::Tensor> roots = read_tensors(in, outputs), seeds = read_tensors(in, outputs), wanted = read_tensors(in, inputs);
    note_backward();
    const auto gradients = torch::autograd::grad(roots, wanted, seeds, create_graph != 0, create_graph != 0, /*allow_unused=*/true);
    FrameWriter out;
    for (const at::Tensor& gradient : gradients) out.word(gradient.defined() ? issue(gradient) : 0);
  });
}

ec_handle ec_autograd_gradient(ec_handle tensor) noexcept {
  return guarded_handle([&]() -> ec_handle {
    const at::Tensor gradient = usable(tensor).grad();
    frame().status = EC_OK;
    return gradient.defined() ? issue(gradient) : 0;
  });
}

int32_t ec_autograd_clear(int32_t count) noexcept {
  return guarded_status([&] {
    check_no_recording("drop gradients");
    FrameReader in;
    for (int32_t i = 0; i < count; ++i) usable(in.handle()).mutable_grad().reset();
  });
}

int32_t ec_autocast_push(int32_t device_type, int32_t dtype) noexcept {
  return guarded_status([&] {
    const auto device = static_cast<at::DeviceType>(device_type);
    if (device_type != static_cast<int32_t>(device) || (device != at::kCPU && device != at::kCUDA))
      fail(EC_ARGUMENT, "autocast: no such device type");
    if (dtype > INT8_MAX) fail(EC_DTYPE, "autocast: no dtype " + std::to_string(dtype));
    autocast_stack().push_back(current_mode());
    at::autocast::increment_nesting();
    at::autocast::set_autocast_enabled(device, dtype >= 0);
    if (dtype >= 0) at::autocast::set_autocast_dtype(device, static_cast<at::ScalarType>(dtype));
  });
}

int32_t ec_autocast_pop(void) noexcept {
  return guarded_status([&] {
    auto& stack = autocast_stack();
    if (stack.empty()) fail(EC_ARGUMENT, "autocast: nothing to leave");
    Mode before = stack.back();
    stack.pop_back();
    before.grad = c10::GradMode::is_enabled();
    apply_mode(before);
    at::autocast::decrement_nesting();
    // Cast copies of weights must not outlive the step that updates the weights.
    at::autocast::clear_cache();
    if (Recording* r = recording()) ++r->region;
  });
}
