#include "recording.h"

#include <ATen/autocast_mode.h>
#include <c10/core/GradMode.h>

#include "errors.h"
#include "handles.h"

namespace earthcraft {

bool Mode::operator==(const Mode& other) const {
  return grad == other.grad && autocast_cpu == other.autocast_cpu && autocast_cuda == other.autocast_cuda && dtype_cpu == other.dtype_cpu &&
         dtype_cuda == other.dtype_cuda;
}

Mode current_mode() {
  Mode mode;
  mode.grad = c10::GradMode::is_enabled();
  mode.autocast_cpu = at::autocast::is_autocast_enabled(at::kCPU);
  mode.autocast_cuda = at::autocast::is_autocast_enabled(at::kCUDA);
  mode.dtype_cpu = at::autocast::get_autocast_dtype(at::kCPU);
  mode.dtype_cuda = at::autocast::get_autocast_dtype(at::kCUDA);
  return mode;
}

void apply_mode(const Mode& mode) {
  c10::GradMode::set_enabled(mode.grad);
  at::autocast::set_autocast_enabled(at::kCPU, mode.autocast_cpu);
  at::autocast::set_autocast_enabled(at::kCUDA, mode.autocast_cuda);
  at::autocast::set_autocast_dtype(at::kCPU, mode.dtype_cpu);
  at::autocast::set_autocast_dtype(at::kCUDA, mode.dtype_cuda);
}

StepRecorder::StepRecorder(Recording& recording, const Operator& op) : recording_(recording) {
  step_.op = &op;
  step_.mode = current_mode();
  step_.mode.grad = recording.logical_grad;
  step_.region = recording.region;
  step_.arguments.reserve(op.arguments.size());
}

void StepRecorder::literal(const c10::IValue& value) {
  step_.arguments.emplace_back();
  step_.arguments.back().literal = value;
}

void StepRecorder::tensors(ArgumentKind kind, const std::vector<ec_handle>& handles, bool written) {
  step_.arguments.emplace_back();
  RecordedArgument& argument = step_.arguments.back();
  argument.kind = kind;
  argument.sources.reserve(handles.size());
  for (const ec_handle handle : handles) argument.sources.push_back(handle == 0 ? Source{} : source_of(handle, written));
}

Source StepRecorder::source_of(ec_handle handle, bool written) {
  Slot& slot = slot_of(handle);
  const at::Tensor& tensor = slot.tensor;
  Recording& r = recording_;
  if (slot.recording == r.number) {
    if (written)
      for (const at::Tensor& outside : r.outside)
        if (outside.has_storage() && tensor.has_storage() && outside.storage().is_alias_of(tensor.storage()))
          fail(EC_CHECKPOINT, "a checkpointed segment may not write in place to a view of a tensor from outside it");
    return {slot.value, -1};
  }
  if (written) fail(EC_CHECKPOINT, "a checkpointed segment may not write in place to a tensor from outside it");

  const auto [entry, added] = r.outside_index.try_emplace(tensor.unsafeGetTensorImpl(), static_cast<int32_t>(r.outside.size()));
  if (added) r.outside.push_back(tensor);
  const int32_t outside = entry->second;
  // Autocast casts a leaf once and shares the cast, so all uses of a leaf add up in the low precision before they are cast back: keep them together.
  const bool shared = !tensor.requires_grad() || (tensor.is_leaf() && (step_.mode.autocast_cpu || step_.mode.autocast_cuda));
  if (shared) {
    const auto [input, first] =
        r.shared_input.try_emplace({outside, tensor.requires_grad() ? step_.region : 0}, static_cast<int32_t>(r.inputs.size()));
    if (first) r.inputs.push_back({outside, static_cast<int32_t>(r.steps.size())});
    return {-1, input->second};
  }
  r.inputs.push_back({outside, static_cast<int32_t>(r.steps.size())});
  return {-1, static_cast<int32_t>(r.inputs.size() - 1)};
}

int32_t StepRecorder::finish(const std::vector<at::Tensor>& results) {
  step_.first_value = recording_.values;
  for (const at::Tensor& result : results) step_.sizes.push_back(result.defined() ? result.sizes().vec() : std::vector<int64_t>{});
  recording_.values += static_cast<int32_t>(results.size());
  recording_.steps.push_back(std::move(step_));
  return recording_.steps.back().first_value;
}

void check_usable(uint32_t made_in) {
  if (made_in == 0) return;
  const Recording* r = recording();
  if (r == nullptr || r->number != made_in)
    fail(EC_CHECKPOINT, "made inside a checkpointed segment that did not return it; its gradient would be lost");
  if (r->paused)
    fail(EC_CHECKPOINT, "computed inside the checkpointed segment, so it cannot be used while recording is paused: end the segment first");
}

void check_readable(uint32_t made_in) {
  const Recording* r = recording();
  if (r != nullptr && !r->paused)
    fail(EC_CHECKPOINT, "a checkpointed segment may not read values: its replay would not see the decision; end the segment first");
  check_usable(made_in);
}

}  // namespace earthcraft
