// Attention without a score matrix in memory: a block of keys stays in cache, queries pass by 60 at a time, the softmax is kept online
// (Dao, FlashAttention-2). A window of voxels is one key block, so its softmax is exact in one go. Sums in f32, order fixed by the data alone.

#include "attention.h"

#include "attention_tokens.h"
#include "gemm_tile.h"

namespace earthcraft::EC_VARIANT {
namespace {

// to[i] = factor * tokens [first + i], as floats, zero-padded to `width` columns and to `rows` rows.
void gather(const Tokens& t, bool bf16, int64_t first, int64_t count, int64_t head, int64_t dim, float factor, float* to, int64_t width,
            int64_t rows) {
  for (int64_t i = 0; i < count; ++i) {
    float* row = to + i * width;
    int64_t d = 0;
    if (bf16) {
      const auto* from = reinterpret_cast<const uint16_t*>(row_at(t, first + i, head, 2));
      for (; d < dim; ++d) row[d] = factor * bf16_to_float(from[d]);
    } else {
      const auto* from = reinterpret_cast<const float*>(row_at(t, first + i, head, 4));
      for (; d + kLanes <= dim; d += kLanes) store(row + d, splat(factor) * load(from + d));
      for (; d < dim; ++d) row[d] = factor * from[d];
    }
    for (; d < width; ++d) row[d] = 0;
  }
  for (int64_t i = count * width; i < rows * width; ++i) to[i] = 0;
}

// to, strips of [width, rows], = transpose of from [rows, width]
void transpose_all(const float* from, int64_t rows, int64_t width, float* to) {
  for (int64_t strip = 0; strip < rows; strip += kStrip) {
    const int64_t columns = strip_width(rows, strip);
    for (int64_t r = 0; r < columns; r += kLanes)
      for (int64_t c = 0; c < width; c += kLanes) transpose(from + (strip + r) * width + c, width, to + strip * width + c * columns + r, columns);
  }
}

// to, strips of [rows, width], = from [rows, width]
void into_strips(const float* from, int64_t rows, int64_t width, float* to) {
  for (int64_t strip = 0; strip < width; strip += kStrip) {
    const int64_t columns = strip_width(width, strip);
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < columns; c += kLanes) store(to + strip * rows + r * columns + c, load(from + r * width + strip + c));
  }
}

// Queries pass in blocks of equal size, a multiple of a register tile's 12 rows.
int64_t query_step(int64_t queries) {
  const int64_t blocks = (queries + kQueryBlock - 1) / kQueryBlock;
  return blocks == 0 ? kQueryBlock : ((queries + blocks - 1) / blocks + 11) / 12 * 12;
}

void fill(float* to, int64_t count, float value) {
  for (int64_t i = 0; i < count; ++i) to[i] = value;
}

float dot(const float* a, const float* b, int64_t width) {
  Vec total{};
  for (int64_t d = 0; d < width; d += kLanes) total += load(a + d) * load(b + d);
  return sum(total);
}

// Turns a row of scores into exp(score - the largest so far), rescales what the row had gathered, and returns the new largest.
float soften(float* scores, int64_t keys, int64_t padded_keys, float before, float* total, float* gathered, int64_t width) {
  for (int64_t j = keys / kLanes * kLanes; j < padded_keys; j += kLanes) {
    store(scores + j, select(lane_index() < splat_int(static_cast<int32_t>(keys - j)), load(scores + j), splat(kNone)));
  }
  Vec most = splat(before);
  for (int64_t j = 0; j < padded_keys; j += kLanes) most = max(load(scores + j), most);
  const float now = largest(most);
  Vec added{};
  for (int64_t j = 0; j < padded_keys; j += kLanes) {
    const Vec p = exp(load(scores + j) - splat(now));
    added += p;
    store(scores + j, p);
  }
  if (before == kNone) {
    *total = sum(added);
  } else {
    const Vec shrink = exp(splat(before - now));
    *total = *total * shrink[0] + sum(added);
    for (int64_t d = 0; d < width; d += kLanes) store(gathered + d, load(gathered + d) * shrink);
  }
  return now;
}

}  // namespace

void attention_forward(const Attention& t, int64_t set, int64_t head, int64_t q_begin, int64_t q_end, float* scratch) {
  const int64_t q_first = t.q_starts[set] + q_begin, queries = q_end - q_begin;
  const int64_t kv_first = t.kv_starts[set], keys = t.kv_starts[set + 1] - kv_first;
  const int64_t width = padded(t.dim), block = padded(least(keys, kKeyBlock)), step = query_step(queries);
  float* gathered = scratch;
  float* k_columns = gathered + block * width;  // in strips, as all that is multiplied from the right
  float* v_strips = k_columns + block * width;
  float* q_rows = v_strips + block * width;
  float* sums = q_rows + queries * width;
  float* scores = sums + queries * width;
  float* most = scores + kQueryBlock * block;
  float* total = most + queries;

  gather(t.q, t.bf16, q_first, queries, head, t.dim, t.scale, q_rows, width, queries);
  fill(sums, queries * width, 0);
  fill(most, queries, kNone);
  fill(total, queries, 0);
  for (int64_t k_begin = 0; k_begin < keys; k_begin += kKeyBlock) {
    const int64_t count = least(kKeyBlock, keys - k_begin), stride = padded(count);
    gather(t.k, t.bf16, kv_first + k_begin, count, head, t.dim, 1, gathered, width, stride);
    transpose_all(gathered, stride, width, k_columns);
    gather(t.v, t.bf16, kv_first + k_begin, count, head, t.dim, 1, gathered, width, count);
    into_strips(gathered, count, width, v_strips);
    for (int64_t q = 0; q < queries; q += step) {
      const int64_t rows = least(step, queries - q);
      multiply_strips<false>(rows, stride, t.dim, q_rows + q * width, width, k_columns, width, scores, stride, false);
      for (int64_t i = 0; i < rows; ++i)
        most[q + i] = soften(scores + i * stride, count, stride, most[q + i], total + q + i, sums + (q + i) * width, width);
      multiply_strips<false>(rows, width, count, scores, stride, v_strips, count, sums + q * width, width, true);
    }
  }
  for (int64_t i = 0; i < queries; ++i) {
    scatter(t.out, t.bf16, q_first + i, head, t.dim, keys == 0 ? 0 : 1 / total[i], sums + i * width);
    const int64_t row = t.q.order ? t.q.order[q_first + i] : q_first + i;
    t.logsumexp[row * t.heads + head] = most[i] + __builtin_logf(total[i]);
  }
}

void attention_backward(const AttentionGrad& g, int64_t set, int64_t head, float* scratch) {
  const Attention& t = g.forward;
  const int64_t q_first = t.q_starts[set], queries = t.q_starts[set + 1] - q_first;
  const int64_t kv_first = t.kv_starts[set], keys = t.kv_starts[set + 1] - kv_first;
  const int64_t width = padded(t.dim), block = padded(least(keys, kKeyBlock)), step = query_step(queries);
  float* gathered = scratch;
  float* k_columns = gathered + block * width;  // in strips, as all that is multiplied from the right and longer than a block of queries
  float* k_strips = k_columns + block * width;
  float* v_columns = k_strips + block * width;
  float* k_sums = v_columns + block * width;
  float* v_sums = k_sums + block * width;
  float* q_rows = v_sums + block * width;
  float* o_rows = q_rows + padded(queries) * width;
  float* q_sums = o_rows + padded(queries) * width;
  float* weights = q_sums + padded(queries) * width;
  float* score_grads = weights + kQueryBlock * block;
  float* logsumexp = score_grads + kQueryBlock * block;
  float* inner = logsumexp + padded(queries);

  gather(t.q, t.bf16, q_first, queries, head, t.dim, t.scale, q_rows, width, queries);
  gather(t.out, t.bf16, q_first, queries, head, t.dim, 1, q_sums, width, queries);
  gather(g.out_grad, t.bf16, q_first, queries, head, t.dim, 1, o_rows, width, queries);
  for (int64_t i = 0; i < queries; ++i) {
    const int64_t row = t.q.order ? t.q.order[q_first + i] : q_first + i;
    logsumexp[i] = t.logsumexp[row * t.heads + head];
    inner[i] = dot(o_rows + i * width, q_sums + i * width, width);
  }
  fill(q_sums, queries * width, 0);

  for (int64_t k_begin = 0; k_begin < keys; k_begin += kKeyBlock) {
    const int64_t count = least(kKeyBlock, keys - k_begin), stride = padded(count);
    gather(t.k, t.bf16, kv_first + k_begin, count, head, t.dim, 1, gathered, width, stride);
    transpose_all(gathered, stride, width, k_columns);
    into_strips(gathered, count, width, k_strips);
    gather(t.v, t.bf16, kv_first + k_begin, count, head, t.dim, 1, gathered, width, stride);
    transpose_all(gathered, stride, width, v_columns);
    fill(k_sums, count * width, 0);
    fill(v_sums, count * width, 0);
    for (int64_t q = 0; q < queries; q += step) {
      const int64_t rows = least(step, queries - q);
      const float* q_block = q_rows + q * width;
      const float* o_block = o_rows + q * width;
      multiply_strips<false>(rows, stride, t.dim, q_block, width, k_columns, width, weights, stride, false);
      multiply_strips<false>(rows, stride, t.dim, o_block, width, v_columns, width, score_grads, stride, false);
      for (int64_t i = 0; i < rows; ++i) {
        const Vec shift = splat(logsumexp[q + i]), mean = splat(inner[q + i]);
        float* p = weights + i * stride;
        float* s = score_grads + i * stride;
        for (int64_t j = 0; j < stride; j += kLanes) {
          const Vec weight = exp(load(p + j) - shift);
          store(p + j, weight);
          store(s + j, weight * (load(s + j) - mean));
        }
      }
      multiply_strips<false>(rows, width, count, score_grads, stride, k_strips, count, q_sums + q * width, width, true);
      multiply<true>(count, width, rows, score_grads, stride, q_block, width, k_sums, width, true);
      multiply<true>(count, width, rows, weights, stride, o_block, width, v_sums, width, true);
    }
    for (int64_t j = 0; j < count; ++j) {
      scatter(g.k_grad, t.bf16, kv_first + k_begin + j, head, t.dim, 1, k_sums + j * width);
      scatter(g.v_grad, t.bf16, kv_first + k_begin + j, head, t.dim, 1, v_sums + j * width);
    }
  }
  for (int64_t i = 0; i < queries; ++i) scatter(g.q_grad, t.bf16, q_first + i, head, t.dim, t.scale, q_sums + i * width);
}

}  // namespace earthcraft::EC_VARIANT
