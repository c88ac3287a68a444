// Attention within windows on tensor cores: sets of tokens that attend to themselves, of any population up to kMostOfWindow. bf16, sums f32.
#pragma once

#include "attention.h"

namespace earthcraft::gpu {

// Beyond it a set no longer fits a block of threads well, and FlashAttention is the faster.
constexpr int64_t kMostOfWindow = 256;

constexpr bool window_head_dim(int64_t dim) { return dim == 16 || dim == 32 || dim == 64; }

// A set of more tokens passes through a block's memory in chunks.
constexpr int kWindowRows = 160;

struct WindowOrder {
  const int64_t* longest_first;  // [sets], in the order of their size
  int64_t long_sets;             // of more than kWindowRows tokens
};

// Sets have at most kMostOfWindow tokens. The scale is positive. Rows of q, k, v, out and of the gradients start at multiples of 16 bytes; kv_starts
// is q_starts; logsumexp is f32 [heads, queries]. `inner` of AttentionGrad is not used.
void window_attention_forward(const Attention& task, const WindowOrder& order, cudaStream_t stream);
void window_attention_backward(const AttentionGrad& task, const WindowOrder& order, cudaStream_t stream);

}  // namespace earthcraft::gpu
