// Attention of ragged token sets on a GPU: what the kernels in attention.cu take. f32, bf16 (sums f32) and f64, any head_dim up to 256.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "element.h"

namespace earthcraft::gpu {

// Token t of a set, head h: data + (order ? order[t] : t) * row_stride + h * head_stride, in elements.
struct Tokens {
  void* data;
  int64_t row_stride, head_stride;
  const int64_t* order;
};

// Set s attends from tokens [q_starts[s], q_starts[s + 1]) to tokens [kv_starts[s], kv_starts[s + 1]).
struct Attention {
  Tokens q, k, v, out;
  const int64_t* q_starts;   // [sets + 1]
  const int64_t* kv_starts;  // [sets + 1]
  int64_t sets, queries, keys, heads, dim;
  double scale;
  void* logsumexp;  // [heads, queries], by place in the order, in the type of sums
};

// Tokens that one block of threads takes at a time. Sets are cut into tiles: tile i of the queries belongs to the set whose range in
// `q_tiles` [sets + 1], the sum of the sets' tiles, holds i.
int64_t attention_tile(Element element);

void attention_forward(Element element, const Attention& task, const int64_t* q_tiles, cudaStream_t stream);

struct AttentionGrad {
  Attention forward;  // `out` holds the forward result
  Tokens out_grad, q_grad, k_grad, v_grad;
  void* inner;  // [heads, queries] in the type of sums: working memory
};
void attention_backward(Element element, const AttentionGrad& task, const int64_t* q_tiles, const int64_t* kv_tiles, cudaStream_t stream);

// Tokens of two bytes an element, whole copies of 16 bytes a head: dense [count, heads, dim] = tokens in order, and the way back.
void gather_tokens(const Tokens& tokens, int64_t count, int64_t heads, int64_t dim, void* dense, cudaStream_t stream);
void scatter_tokens(const void* dense, int64_t count, int64_t heads, int64_t dim, const Tokens& tokens, cudaStream_t stream);

}  // namespace earthcraft::gpu
