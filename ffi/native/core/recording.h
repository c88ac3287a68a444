// What a checkpointed segment computed: each operator call with its literals, and where its tensors come from. No intermediate tensor is kept.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>

#include <map>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "../include/earthcraft.h"
#include "operators.h"

namespace earthcraft {

// Where a step's tensor comes from: a value computed before in the segment, or one use of an outside tensor; both negative: none.
struct Source {
  int32_t value = -1;
  int32_t input = -1;
};

struct RecordedArgument {
  c10::IValue literal;  // when it is no tensor
  std::vector<Source> sources;
  ArgumentKind kind = ArgumentKind::kOther;
};

struct Mode {
  bool grad = true;
  bool autocast_cpu = false, autocast_cuda = false;
  at::ScalarType dtype_cpu = at::kBFloat16, dtype_cuda = at::kBFloat16;
  bool operator==(const Mode& other) const;
};

struct Step {
  const Operator* op;
  std::vector<RecordedArgument> arguments;
  Mode mode;
  int32_t region = 0;  // of autocast: casts of weights are shared inside one
  int32_t first_value = 0;
  std::vector<std::vector<int64_t>> sizes;  // of every tensor it returned
  std::vector<int32_t> last_uses;           // values that no later step reads
};

// One use of an outside tensor. Uses are apart from each other so that their gradients reach the outside graph one by one, in the order in which
// they would without a checkpoint: floating-point sums then agree to the bit.
struct Input {
  int32_t outside;
  int32_t step;
};

struct Recording {
  uint32_t number = 0;
  std::vector<Step> steps;
  std::vector<at::Tensor> outside;
  std::vector<Input> inputs;
  int32_t values = 0;

  // Only while recording.
  std::unordered_map<const c10::TensorImpl*, int32_t> outside_index;
  std::map<std::pair<int32_t, int32_t>, int32_t>
      shared_input;    // (outside tensor, region) -> the input of all its uses, where they must stay together
  int32_t region = 0;  // how often autocast dropped its cache
  bool paused = false;
  bool logical_grad = true;  // what the segment believes; in truth it runs without
};

// The recording in progress, or null.
Recording* recording() noexcept;

// A call as it is recorded: gather the sources of its arguments, then add it with its results.
class StepRecorder {
 public:
  StepRecorder(Recording& recording, const Operator& op);
  void literal(const c10::IValue& value);
  void tensors(ArgumentKind kind, const std::vector<ec_handle>& handles, bool written);
  // `results` in the order of the schema's returns, lists spread out. Returns the number of the first value.
  int32_t finish(const std::vector<at::Tensor>& results);

 private:
  Source source_of(ec_handle handle, bool written);
  Recording& recording_;
  Step step_;
};

// Refuses a tensor that a finished segment made and did not return: its gradient would be lost.
void check_usable(uint32_t made_in);
// Refuses to read values while a segment records.
void check_readable(uint32_t made_in);

Mode current_mode();
void apply_mode(const Mode& mode);

}  // namespace earthcraft
