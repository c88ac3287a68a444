// How many tokens the longest of some sets has. The GPU knows, and asking it means waiting; so the answer is remembered with the tensor that was asked
// about, which layers share for a whole step.
#pragma once

#include <ATen/core/Tensor.h>

namespace earthcraft::gpu {

// starts: int64 [sets + 1], ascending
int64_t longest_set(const at::Tensor& starts);

}  // namespace earthcraft::gpu
