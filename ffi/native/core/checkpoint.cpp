// Checkpointing by record and replay: a segment runs without grad and leaves one node, which keeps the segment's outside tensors, runs the recorded
// calls again in backward with grad, and differentiates them there.

#include <ATen/autocast_mode.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/saved_variable.h>

#include <algorithm>
#include <numeric>
#include <sstream>

#include "errors.h"
#include "frame.h"
#include "handles.h"
#include "recording.h"

namespace earthcraft {
namespace {

using torch::autograd::SavedVariable;
using torch::autograd::variable_list;

Recording* active = nullptr;
uint32_t last_number = 0;
bool cache_before = true;

struct ModeGuard {
  Mode before = current_mode();
  bool cache = at::autocast::is_autocast_cache_enabled();
  ~ModeGuard() {
    apply_mode(before);
    at::autocast::set_autocast_cache_enabled(cache);
  }
};

class ReplayNode : public torch::autograd::Node {
 public:
  ReplayNode(std::unique_ptr<Recording> recorded, std::vector<int32_t> outputs) : recorded_(std::move(recorded)), outputs_(std::move(outputs)) {
    // Gradients reach a tensor in the order of its consumers, the latest first; within one call in the order of arguments.
    order_.resize(recorded_->inputs.size());
    std::iota(order_.begin(), order_.end(), 0);
    std::stable_sort(order_.begin(), order_.end(), [&](int32_t a, int32_t b) { return recorded_->inputs[a].step > recorded_->inputs[b].step; });
    order_.erase(std::remove_if(order_.begin(), order_.end(), [&](int32_t i) { return !outside(i).requires_grad(); }), order_.end());
    variable_list sources;
    for (const int32_t i : order_) sources.push_back(outside(i));
    set_next_edges(torch::autograd::collect_next_edges(sources));
    requires_.resize(recorded_->inputs.size());
    for (size_t i = 0; i < requires_.size(); ++i) requires_[i] = outside(static_cast<int32_t>(i)).requires_grad();
    for (const at::Tensor& tensor : recorded_->outside) saved_.emplace_back(tensor, false);
    recorded_->outside.clear();
  }

  std::string name() const override { return "EarthcraftCheckpoint"; }

  void release_variables() override { saved_.clear(); }

  variable_list apply(variable_list&& gradients) override {
    if (c10::GradMode::is_enabled()) fail(EC_CHECKPOINT, "a checkpointed segment has no second derivative");
    if (saved_.empty() && !recorded_->inputs.empty())
      fail(EC_CHECKPOINT, "backward through a checkpointed segment a second time; keep its graph with retainGraph");
    const ModeGuard restore;
    at::autocast::set_autocast_cache_enabled(true);
    at::autocast::clear_cache();

    variable_list inputs;
    {
      std::vector<at::Tensor> outside;
      for (const SavedVariable& saved : saved_) outside.push_back(saved.unpack());
      for (size_t i = 0; i < recorded_->inputs.size(); ++i) {
        at::Tensor input = outside[static_cast<size_t>(recorded_->inputs[i].outside)].detach();
        if (requires_[i]) input.set_requires_grad(true);
        inputs.push_back(std::move(input));
      }
    }
    const variable_list results = replay(inputs);
    at::autocast::clear_cache();

    variable_list roots, seeds, wanted;
    for (size_t i = 0; i < results.size(); ++i) {
      if (!gradients[i].defined() || !results[i].requires_grad()) continue;
      roots.push_back(results[i]);
      seeds.push_back(gradients[i]);
    }
    for (const int32_t i : order_) wanted.push_back(inputs[static_cast<size_t>(i)]);
    if (roots.empty() || wanted.empty()) return variable_list(order_.size());
    inputs.clear();
    return torch::autograd::grad(roots, wanted, seeds, /*retain_graph=*/false, /*create_graph=*/false, /*allow_unused=*/true);
  }

 private:
  const at::Tensor& outside(int32_t input) const {
    return recorded_->outside[static_cast<size_t>(recorded_->inputs[static_cast<size_t>(input)].outside)];
  }

  variable_list replay(const variable_list& inputs) const {
    std::vector<at::Tensor> values(static_cast<size_t>(recorded_->values));
    const auto find = [&](const Source& source) {
      if (source.value >= 0) return values[static_cast<size_t>(source.value)];
      if (source.input >= 0) return inputs[static_cast<size_t>(source.input)];
      return at::Tensor();
    };
    torch::jit::Stack stack;
    int32_t region = 0;
    for (const Step& step : recorded_->steps) {
      apply_mode(step.mode);
      if (step.region != region) at::autocast::clear_cache();
      region = step.region;
      stack.clear();
      for (const RecordedArgument& argument : step.arguments) {
        if (argument.kind == ArgumentKind::kTensor) {
          stack.emplace_back(find(argument.sources[0]));
        } else if (argument.kind == ArgumentKind::kTensors) {
          c10::List<at::Tensor> list;
          for (const Source& source : argument.sources) list.push_back(find(source));
          stack.emplace_back(std::move(list));
        } else if (argument.kind == ArgumentKind::kOptionalTensors) {
          c10::List<c10::optional<at::Tensor>> list;
          for (const Source& source : argument.sources)
            list.push_back(source.value < 0 && source.input < 0 ? c10::optional<at::Tensor>() : c10::optional<at::Tensor>(find(source)));
          stack.emplace_back(std::move(list));
        } else {
          stack.push_back(argument.literal);
        }
      }
      step.op->handle.callBoxed(stack);
      keep_results(step, stack, values);
      for (const int32_t value : step.last_uses) values[static_cast<size_t>(value)].reset();
    }
    variable_list results;
    for (const int32_t output : outputs_) results.push_back(values[static_cast<size_t>(output)]);
    return results;
  }

  static void keep_results(const Step& step, const torch::jit::Stack& stack, std::vector<at::Tensor>& values) {
    size_t n = 0;
    const auto keep = [&](const at::Tensor& tensor) {
      if (n >= step.sizes.size() || (tensor.defined() && tensor.sizes() != step.sizes[n])) {
        std::ostringstream text;
        text << step.op->name << ": the replay of a checkpointed segment returned another shape than its first run: " << tensor.sizes();
        fail(EC_CHECKPOINT, text.str());
      }
      values[static_cast<size_t>(step.first_value) + n++] = tensor;
    };
    for (const c10::IValue& value : stack) {
      if (value.isTensor()) keep(value.toTensor());
      if (value.isTensorList())
        for (const at::Tensor& tensor : value.toTensorVector()) keep(tensor);
    }
    if (n != step.sizes.size())
      fail(EC_CHECKPOINT, step.op->name + ": the replay of a checkpointed segment returned another number of tensors than its first run");
  }

  std::unique_ptr<Recording> recorded_;
  std::vector<int32_t> outputs_;  // value of each output
  std::vector<int32_t> order_;    // input of each edge
  std::vector<bool> requires_;    // of each input
  std::vector<SavedVariable> saved_;
};

// Lists with each step the values that no later step reads, so that a replay frees them at once.
void mark_last_uses(Recording& recorded, const std::vector<int32_t>& outputs) {
  std::vector<bool> needed(static_cast<size_t>(recorded.values), false);
  for (const int32_t output : outputs) needed[static_cast<size_t>(output)] = true;
  for (auto step = recorded.steps.rbegin(); step != recorded.steps.rend(); ++step) {
    const auto free_if_last = [&](int32_t value) {
      if (value < 0 || needed[static_cast<size_t>(value)]) return;
      needed[static_cast<size_t>(value)] = true;
      step->last_uses.push_back(value);
    };
    for (size_t n = 0; n < step->sizes.size(); ++n) free_if_last(step->first_value + static_cast<int32_t>(n));
    for (const RecordedArgument& argument : step->arguments)
      for (const Source& source : argument.sources) free_if_last(source.value);
  }
}

void stop() {
  delete active;
  active = nullptr;
  c10::GradMode::set_enabled(true);
  at::autocast::set_autocast_cache_enabled(cache_before);
}

}  // namespace

Recording* recording() noexcept { return active; }

}  // namespace earthcraft

using namespace earthcraft;

int32_t ec_checkpoint_begin(void) noexcept {
  return guarded_count([&]() -> int32_t {
    if (active != nullptr || !c10::GradMode::is_enabled()) return 0;
    active = new Recording();
    if (++last_number == 0) ++last_number;
    active->number = last_number;
    cache_before = at::autocast::is_autocast_cache_enabled();
    // A cast cached now would have no gradient, and would be served to the code after the segment.
    at::autocast::set_autocast_cache_enabled(false);
    c10::GradMode::set_enabled(false);
    return 1;
  });
}

int32_t ec_checkpoint_end(int32_t outputs) noexcept {
  return guarded_status([&] {
    if (active == nullptr) fail(EC_CHECKPOINT, "no checkpointed segment is being recorded");
    std::unique_ptr<Recording> recorded(active);
    active = nullptr;
    stop();

    std::vector<ec_handle> handles;
    std::vector<int32_t> values;
    FrameReader in;
    for (int32_t i = 0; i < outputs; ++i) {
      const ec_handle handle = in.handle();
      Slot& slot = slot_of(handle);
      if (slot.recording == 0) continue;  // an outside tensor passes through
      if (slot.recording != recorded->number) check_usable(slot.recording);
      if (!torch::autograd::isDifferentiableType(slot.tensor.scalar_type())) {
        slot.recording = 0;
        continue;
      }
      if (std::find(handles.begin(), handles.end(), handle) != handles.end()) continue;
      handles.push_back(handle);
      values.push_back(slot.value);
    }
    const bool differentiable =
        std::any_of(recorded->outside.begin(), recorded->outside.end(), [](const at::Tensor& t) { return t.requires_grad(); });
    std::shared_ptr<ReplayNode> node;
    if (differentiable && !handles.empty()) {
      mark_last_uses(*recorded, values);
      recorded->outside_index.clear();
      node = std::shared_ptr<ReplayNode>(new ReplayNode(std::move(recorded), values), torch::autograd::deleteNode);
    }
    for (const ec_handle handle : handles) {
      Slot& slot = slot_of(handle);
      slot.recording = 0;
      slot.value = -1;
      if (node == nullptr) continue;
      at::Tensor output = slot.tensor.variable_data();  // the same values with a fresh history
      torch::autograd::set_history(output, node);
      slot.tensor = std::move(output);
    }
  });
}

int32_t ec_checkpoint_abort(void) noexcept {
  return guarded_status([&] {
    if (active != nullptr) stop();
  });
}

int32_t ec_checkpoint_pause(int32_t on) noexcept {
  return guarded_count([&]() -> int32_t {
    if (active == nullptr) return 0;
    const bool before = active->paused;
    active->paused = on != 0;
    return before ? 1 : 0;
  });
}
