// Attention within windows on tensor cores: sets of tokens that attend to themselves, of any population up to kMostOfWindow. bf16, sums f32.
#pragma once

#include "attention.h"

namespace earthcraft::gpu {

// Beyond it a set no longer fits a block of threads well, and FlashAttention is the faster.
constexpr int64_t kMostOfWindow = 256;

constexpr bool window_head_dim(int64_t dim) { return dim == 16 || dim == 32 || dim == 64; }

// Sets have at most kMostOfWindow tokens; longest_first [sets] names them in the order of their size. The scale is positive. Rows of q, k, v, out and
// of the gradients start at multiples of 16 bytes; kv_starts is q_starts; logsumexp is f32 [heads, queries]. `inner` of AttentionGrad is not used.
void window_attention_forward(const Attention& task, const int64_t* longest_first, cudaStream_t stream);
void window_attention_backward(const AttentionGrad& task, const int64_t* longest_first, cudaStream_t stream);

}  // namespace earthcraft::gpu
