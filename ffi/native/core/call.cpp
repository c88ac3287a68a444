// The one call: arguments from the frame onto a dispatcher stack, any operator, results back as handles.

#include <ATen/core/List.h>
#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cmath>
#include <string>
#include <vector>

#include "device.h"
#include "errors.h"
#include "frame.h"
#include "handles.h"
#include "operators.h"
#include "recording.h"

namespace earthcraft {
namespace {

[[noreturn]] void mismatch(const ArgumentInfo& argument, const char* got) { fail(EC_ARGUMENT, argument.name + ": cannot take " + got); }

c10::Scalar scalar_of(double value) {
  const bool integral = value == std::trunc(value) && std::abs(value) <= 9007199254740992.0 && !(value == 0 && std::signbit(value));
  return integral ? c10::Scalar(static_cast<int64_t>(value)) : c10::Scalar(value);
}

int64_t integer_of(const ArgumentInfo& argument, double value) {
  if (!(std::abs(value) <= 9007199254740992.0) || value != std::trunc(value))
    fail(EC_ARGUMENT, argument.name + ": expected an integer, got " + std::to_string(value));
  if (argument.end > 0 && !(value >= 0 && value < argument.end))
    fail(EC_ARGUMENT, argument.name + ": there is none of number " + std::to_string(value));
  return static_cast<int64_t>(value);
}

c10::IValue number_as(const ArgumentInfo& argument, double value) {
  switch (argument.kind) {
    case ArgumentKind::kScalar:
      return c10::IValue(scalar_of(value));
    case ArgumentKind::kFloat:
      return c10::IValue(value);
    case ArgumentKind::kInt:
      return c10::IValue(integer_of(argument, value));
    case ArgumentKind::kInts:
      if (argument.fixed > 0) return c10::IValue(std::vector<int64_t>(static_cast<size_t>(argument.fixed), integer_of(argument, value)));
      return c10::IValue(std::vector<int64_t>{integer_of(argument, value)});
    default:
      mismatch(argument, "a number");
  }
}

c10::IValue numbers_as(const ArgumentInfo& argument, FrameReader& in) {
  const size_t count = in.count();
  if (argument.kind == ArgumentKind::kInts) {
    std::vector<int64_t> values(count);
    for (int64_t& value : values) value = integer_of(argument, in.word());
    return c10::IValue(std::move(values));
  }
  if (argument.kind == ArgumentKind::kFloats) {
    std::vector<double> values(count);
    for (double& value : values) value = in.word();
    return c10::IValue(std::move(values));
  }
  mismatch(argument, "a list of numbers");
}

c10::Device device_of(const std::string& name) {
  const c10::Device device(name);
  open_device(device);
  return device;
}

class Call {
 public:
  Call(const Operator& op, Recording* recording) : op_(op) {
    stack_.reserve(op.arguments.size());
    if (recording != nullptr) step_.emplace(*recording, op);
  }

  void read(int32_t count) {
    if (static_cast<size_t>(count) > op_.arguments.size())
      fail(EC_ARGUMENT, "takes " + std::to_string(op_.arguments.size()) + " arguments, got " + std::to_string(count));
    for (size_t i = 0; i < op_.arguments.size(); ++i) {
      const ArgumentInfo& argument = op_.arguments[i];
      const auto tag = i < static_cast<size_t>(count) ? static_cast<int32_t>(in_.word()) : static_cast<int32_t>(EC_TAG_DEFAULT);
      read_one(argument, tag);
    }
  }

  ec_handle run() {
    invoke();
    if (op_.returns_self && !step_) return first_tensor_;
    if (!step_ && stack_.size() == 1 && stack_[0].isTensor()) {
      at::Tensor result = std::move(stack_[0]).toTensor();
      if (result.defined()) return issue(std::move(result));
      stack_[0] = c10::IValue();
    }
    return give_back();
  }

 private:
  void push(c10::IValue value) {
    if (step_) step_->literal(value);
    stack_.push_back(std::move(value));
  }

  // A GPU's memory that ran out may be what is kept there for reuse: an operator that only makes new tensors runs once more without it. The CPU's
  // allocator has done that by itself.
  void invoke() {
    if (!gpu_in_use() || op_.writes || op_.random) return op_.handle.callBoxed(stack_);
    torch::jit::Stack arguments = stack_;
    try {
      return op_.handle.callBoxed(stack_);
    } catch (const c10::Error& e) {
      if (!is_out_of_memory(e)) throw;
    }
    release_memory();
    stack_ = std::move(arguments);
    op_.handle.callBoxed(stack_);
  }

  const at::Tensor& take(ec_handle handle) {
    const Slot& slot = slot_of(handle);
    check_usable(slot.recording);
    if (first_tensor_ == 0) first_tensor_ = handle;
    return slot.tensor;
  }

  void read_one(const ArgumentInfo& argument, int32_t tag) {
    switch (tag) {
      case EC_TAG_NONE:
        if (!argument.optional) mismatch(argument, "null");
        return push(c10::IValue());
      case EC_TAG_NUMBER:
        return push(number_as(argument, in_.word()));
      case EC_TAG_BOOL: {
        const bool value = in_.word() != 0;
        if (argument.kind == ArgumentKind::kScalar) return push(c10::IValue(c10::Scalar(value)));
        if (argument.kind != ArgumentKind::kBool) mismatch(argument, "a boolean");
        return push(c10::IValue(value));
      }
      case EC_TAG_STRING: {
        std::string value = in_.text(in_.count());
        if (argument.kind == ArgumentKind::kDevice) return push(c10::IValue(device_of(value)));
        if (argument.kind != ArgumentKind::kString) mismatch(argument, "a string");
        return push(c10::IValue(std::move(value)));
      }
      case EC_TAG_TENSOR: {
        const ec_handle handle = in_.handle();
        if (argument.kind != ArgumentKind::kTensor) mismatch(argument, "a tensor");
        stack_.emplace_back(take(handle));
        if (step_) step_->tensors(argument.kind, {handle}, argument.written);
        return;
      }
      case EC_TAG_NUMBERS:
        return push(numbers_as(argument, in_));
      case EC_TAG_BOOLS: {
        if (argument.kind != ArgumentKind::kBools) mismatch(argument, "a list of booleans");
        c10::List<bool> values;
        for (size_t n = in_.count(); n > 0; --n) values.push_back(in_.word() != 0);
        return push(c10::IValue(std::move(values)));
      }
      case EC_TAG_TENSORS:
        return read_tensors(argument);
      case EC_TAG_DEFAULT:
        // What makes a tensor out of nothing makes it where tensors are made by default.
        if (argument.kind == ArgumentKind::kDevice && op_.makes && !default_device().is_cpu()) return push(c10::IValue(default_device()));
        if (argument.fallback) return push(*argument.fallback);
        if (argument.optional) return push(c10::IValue());
        fail(EC_ARGUMENT, argument.name + ": missing");
      default:
        fail(EC_INTERNAL, "frame: tag " + std::to_string(tag));
    }
  }

  void read_tensors(const ArgumentInfo& argument) {
    const size_t count = in_.count();
    std::vector<ec_handle> handles(count);
    for (ec_handle& handle : handles) handle = in_.handle();
    if (argument.kind == ArgumentKind::kTensors) {
      c10::List<at::Tensor> list;
      list.reserve(count);
      for (const ec_handle handle : handles) list.push_back(take(handle));
      stack_.emplace_back(std::move(list));
    } else if (argument.kind == ArgumentKind::kOptionalTensors) {
      c10::List<c10::optional<at::Tensor>> list;
      list.reserve(count);
      for (const ec_handle handle : handles) list.push_back(handle == 0 ? c10::optional<at::Tensor>() : c10::optional<at::Tensor>(take(handle)));
      stack_.emplace_back(std::move(list));
    } else {
      mismatch(argument, "a list of tensors");
    }
    if (step_) step_->tensors(argument.kind, handles, argument.written);
  }

  // Every tensor among the results, in order.
  std::vector<at::Tensor> results() const {
    std::vector<at::Tensor> tensors;
    for (const c10::IValue& value : stack_) {
      if (value.isTensor()) tensors.push_back(value.toTensor());
      if (value.isTensorList())
        for (const at::Tensor& tensor : value.toTensorVector()) tensors.push_back(tensor);
    }
    return tensors;
  }

  ec_handle give_back() {
    int32_t next_value = step_ ? step_->finish(results()) : 0;
    const uint32_t number = step_ ? recording()->number : 0;
    const auto issue_one = [&](const at::Tensor& tensor) -> ec_handle {
      const int32_t value = next_value++;
      if (!tensor.defined()) return 0;
      const ec_handle handle = issue(tensor);
      if (number != 0) {
        Slot& slot = slot_of(handle);
        slot.recording = number;
        slot.value = value;
      }
      return handle;
    };
    if (op_.returns_self) return first_tensor_;
    if (stack_.size() == 1 && stack_[0].isTensor() && stack_[0].toTensor().defined()) return issue_one(stack_[0].toTensor());

    FrameWriter out;
    for (const c10::IValue& value : stack_) {
      if (value.isTensor()) {
        const ec_handle handle = issue_one(value.toTensor());
        out.word(handle == 0 ? EC_TAG_NONE : EC_TAG_TENSOR);
        if (handle != 0) out.word(handle);
      } else if (value.isTensorList()) {
        const std::vector<at::Tensor> tensors = value.toTensorVector();
        out.word(EC_TAG_TENSORS);
        out.word(static_cast<double>(tensors.size()));
        for (const at::Tensor& tensor : tensors) out.word(issue_one(tensor));
      } else if (value.isInt() || value.isDouble()) {
        out.word(EC_TAG_NUMBER);
        out.word(value.isInt() ? static_cast<double>(value.toInt()) : value.toDouble());
      } else if (value.isBool()) {
        out.word(EC_TAG_BOOL);
        out.word(value.toBool() ? 1 : 0);
      } else if (value.isIntList()) {
        const std::vector<int64_t> values = value.toIntVector();
        out.word(EC_TAG_NUMBERS);
        out.word(static_cast<double>(values.size()));
        for (const int64_t v : values) out.word(static_cast<double>(v));
      } else if (value.isString()) {
        out.word(EC_TAG_STRING);
        out.text(value.toStringRef());
      } else if (value.isNone()) {
        out.word(EC_TAG_NONE);
      } else {
        fail(EC_UNSUPPORTED, "returns a " + value.tagKind() + ", which cannot cross");
      }
    }
    frame().status = EC_OK;
    frame().returns = static_cast<double>(stack_.size());
    return 0;
  }

  const Operator& op_;
  FrameReader in_;
  torch::jit::Stack stack_;
  std::optional<StepRecorder> step_;
  ec_handle first_tensor_ = 0;
};

}  // namespace
}  // namespace earthcraft

using namespace earthcraft;

ec_handle ec_call(int32_t op, int32_t arguments) noexcept {
  return guarded_handle([&] {
    Recording* active = recording();
    if (active != nullptr && active->paused) active = nullptr;
    Call call(operator_at(op), active);
    call.read(arguments);
    return call.run();
  });
}
