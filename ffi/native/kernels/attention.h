// Attention of ragged token sets: what the kernels in attention.cpp take.
#pragma once

#include <cstdint>

#include "dispatch.h"

namespace earthcraft {

constexpr int64_t kKeyBlock = 512;       // keys held in cache at once; a window of edge 8 never has more
constexpr int64_t kQueryBlock = 60;      // queries whose scores against a key block are held at once
constexpr int64_t kQueryChunk = 5 * 48;  // queries of one forward task

// Token t of a set, head h: data + (order ? order[t] : t) * row_stride + h * head_stride; elements float, or bf16 bits.
struct Tokens {
  void* data;
  int64_t row_stride;
  int64_t head_stride;
  const int64_t* order;
};

// Set s attends from tokens [q_starts[s], q_starts[s + 1]) to tokens [kv_starts[s], kv_starts[s + 1]).
struct Attention {
  Tokens q, k, v, out;
  bool bf16;
  const int64_t* q_starts;
  const int64_t* kv_starts;
  int64_t heads;
  int64_t dim;
  float scale;
  float* logsumexp;  // [tokens of q in storage order, heads]
};

struct AttentionGrad {
  Attention forward;  // `out` holds the forward result
  Tokens out_grad, q_grad, k_grad, v_grad;
};

EC_DECLARE_VARIANTS(
    // queries [q_begin, q_end) of the set, counted from its start; at most kQueryChunk
    void attention_forward(const Attention& task, int64_t set, int64_t head, int64_t q_begin, int64_t q_end, float* scratch);
    void attention_backward(const AttentionGrad& task, int64_t set, int64_t head, float* scratch);)

// Floats of scratch that a task needs, for sets of at most `queries` and `keys` tokens.
namespace attention_layout {
constexpr int64_t padded(int64_t count) { return (count + 15) / 16 * 16; }
constexpr int64_t block(int64_t keys) { return padded(keys < kKeyBlock ? keys : kKeyBlock); }
}  // namespace attention_layout

inline int64_t attention_forward_scratch(int64_t dim, int64_t keys) {
  using namespace attention_layout;
  return padded(dim) * (3 * block(keys) + 2 * kQueryChunk) + kQueryBlock * block(keys) + 2 * kQueryChunk;
}

inline int64_t attention_backward_scratch(int64_t dim, int64_t queries, int64_t keys) {
  using namespace attention_layout;
  return padded(dim) * (6 * block(keys) + 3 * padded(queries)) + 2 * kQueryBlock * block(keys) + 2 * padded(queries);
}

}  // namespace earthcraft
