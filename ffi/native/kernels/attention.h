// Attention of ragged token sets: what the kernels in attention.cpp take.
#pragma once

#include <cstdint>

#include "dispatch.h"

namespace earthcraft {

constexpr int64_t kKeyBlock = 512;         // keys held in cache at once; a window of edge 8 never has more
constexpr int64_t kQueryBlock = 60;        // queries whose scores against a key block are held at once
constexpr int64_t kQueryChunk = 4 * 240;   // queries of one forward task: each fetches all keys and values, one from every row of all heads
constexpr int64_t kLeastQueryChunk = 240;  // where sets are too few for every thread to have tasks of more

// The same of the kernel for long sets in bf16, whose products are libtorch's.
constexpr int64_t kWideKeyBlock = 512;
constexpr int64_t kWideQueryBlock = 64;
constexpr int64_t kWideQueryChunk = 512;

// C [rows, columns] f32 (+)= A [rows, depth] · B, both bf16; B is stored as pairs of its rows, [depth / 2, columns, 2]. Strides in elements of a row.
using Bf16Product = void (*)(int64_t rows, int64_t columns, int64_t depth, int64_t a_stride, int64_t b_stride, int64_t c_stride, bool add,
                             const uint16_t* a, const uint16_t* b, float* c);

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
    // queries [q_begin, q_end) of the set, counted from its start
    void attention_forward(const Attention& task, int64_t set, int64_t head, int64_t q_begin, int64_t q_end, float* scratch);
    // the same for bf16, a positive scale and a dimension of whole 32s; at most kWideQueryChunk
    void attention_forward_wide(const Attention& task, int64_t set, int64_t head, int64_t q_begin, int64_t q_end, Bf16Product product,
                                float* scratch);
    void attention_backward(const AttentionGrad& task, int64_t set, int64_t head, float* scratch);)

// Floats of scratch that a task needs, for sets of at most `queries` and `keys` tokens.
namespace attention_layout {
constexpr int64_t padded(int64_t count) { return (count + 15) / 16 * 16; }
constexpr int64_t block(int64_t keys) { return padded(keys < kKeyBlock ? keys : kKeyBlock); }
}  // namespace attention_layout

inline int64_t attention_forward_scratch(int64_t dim, int64_t queries, int64_t keys) {
  using namespace attention_layout;
  return padded(dim) * (3 * block(keys) + 2 * padded(queries)) + kQueryBlock * block(keys) + 2 * queries;
}

inline int64_t attention_wide_scratch(int64_t dim) {
  // In floats: sums, scores, largest and total of a row; in halves: queries, weights, and both panels.
  return kWideQueryChunk * dim + kWideQueryBlock * kWideKeyBlock + 2 * kWideQueryChunk +
         (kWideQueryChunk * dim + kWideQueryBlock * kWideKeyBlock + 2 * kWideKeyBlock * dim) / 2;
}

inline int64_t attention_backward_scratch(int64_t dim, int64_t queries, int64_t keys) {
  using namespace attention_layout;
  return padded(dim) * (6 * block(keys) + 3 * padded(queries)) + 2 * kQueryBlock * block(keys) + 2 * padded(queries);
}

}  // namespace earthcraft
