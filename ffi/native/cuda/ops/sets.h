// What kernels must know of sets of tokens besides where they begin. Finding it takes several launches, or a wait for the GPU; so it is remembered
// with the tensor that was asked about, which layers share for a whole step. starts: int64 [sets + 1], ascending.
#pragma once

#include <ATen/core/Tensor.h>

namespace earthcraft::gpu {

// Tokens of the longest set.
int64_t longest_set(const at::Tensor& starts);

// How many sets have more than so many tokens.
int64_t sets_beyond(const at::Tensor& starts, int64_t tokens);

// The sets in the order of their size, the longest first: int64 [sets].
at::Tensor longest_first(const at::Tensor& starts);

// Sum of the tiles of the sets before: int64 [sets + 1], for tiles of so many tokens.
at::Tensor tiles_of_sets(const at::Tensor& starts, int64_t tile);

}  // namespace earthcraft::gpu
