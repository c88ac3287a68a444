// Attention over long sets in bf16: scores and sums are products of libtorch's (tiles of the processor where it has them), and what is left, the
// softmax, is kept as short as bf16 weights allow. The softmax is online over blocks of keys; sums in f32, their order fixed by the data alone.

#include "attention.h"
#include "attention_tokens.h"

#if defined(__AVX512BF16__)
#include <immintrin.h>
#endif

namespace earthcraft::EC_VARIANT {
namespace {

// 2^x to 3e-6, beyond what a bf16 weight can tell; 0 below -149; NaN stays NaN.
EC_INLINE Vec power_of_two(Vec x) {
#if defined(__AVX512F__)
  // In this order of the operands a NaN passes the bound, which keeps -inf from becoming one.
  const Vec bounded = max(splat(-200.0f), x);
  const Vec whole = (Vec)_mm512_maskz_roundscale_ps(0xffff, (__m512)bounded, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const Vec r = bounded - whole;
  Vec p = splat(9.58285e-3f) * r + splat(5.590643e-2f);
  p = p * r + splat(2.4024099e-1f);
  p = p * r + splat(6.9312419e-1f);
  p = p * r + splat(1.0f);
  return (Vec)_mm512_maskz_scalef_ps(0xffff, (__m512)p, (__m512)whole);
#else
  return exp(x * splat(0.693147180559945f));
#endif
}

EC_INLINE void store_bf16(uint16_t* to, Vec value) {
#if defined(__AVX512BF16__)
  const __m256bh narrow = _mm512_cvtneps_pbh((__m512)value);
  __builtin_memcpy(to, &narrow, sizeof narrow);
#else
  for (int lane = 0; lane < kLanes; ++lane) to[lane] = float_to_bf16(value[lane]);
#endif
}

const uint16_t* bf16_row(const Tokens& t, int64_t token, int64_t head) { return reinterpret_cast<const uint16_t*>(row_at(t, token, head, 2)); }

// panel [dim / 2, columns, 2]: keys [first, first + count) turned, columns beyond them 0.
void pack_keys(const Tokens& k, int64_t first, int64_t count, int64_t head, int64_t dim, int64_t columns, uint16_t* panel) {
  alignas(64) float rows[kLanes * kLanes];  // pairs of elements of kLanes keys
  auto* to = reinterpret_cast<float*>(panel);
  for (int64_t j = 0; j < columns; j += kLanes)
    for (int64_t d = 0; d < dim / 2; d += kLanes) {
      for (int64_t r = 0; r < kLanes; ++r) {
        if (j + r < count)
          __builtin_memcpy(rows + r * kLanes, bf16_row(k, first + j + r, head) + 2 * d, 4 * kLanes);
        else
          __builtin_memset(rows + r * kLanes, 0, 4 * kLanes);
      }
      transpose(rows, kLanes, to + d * columns + j, columns);
    }
}

// panel [columns / 2, dim, 2]: values [first, first + count), rows beyond them 0.
void pack_values(const Tokens& v, int64_t first, int64_t count, int64_t head, int64_t dim, int64_t columns, uint16_t* panel) {
  auto* to = reinterpret_cast<uint32_t*>(panel);
  for (int64_t j = 0; j < columns; j += 2, to += dim) {
    const uint16_t* low = j < count ? bf16_row(v, first + j, head) : nullptr;
    const uint16_t* high = j + 1 < count ? bf16_row(v, first + j + 1, head) : nullptr;
    if (high)
      for (int64_t d = 0; d < dim; ++d) to[d] = static_cast<uint32_t>(low[d]) | static_cast<uint32_t>(high[d]) << 16;
    else
      for (int64_t d = 0; d < dim; ++d) to[d] = low ? low[d] : 0;
  }
}

// Turns a row of scores into bf16 weights 2^(scale (score - the largest so far)), rescales what the row had gathered, and returns the new largest.
float soften(const float* scores, int64_t keys, int64_t columns, float scale, float before, float* total, float* gathered, int64_t dim,
             uint16_t* weights) {
  Vec most = splat(before);
  int64_t j = 0;
  for (; j + kLanes <= keys; j += kLanes) most = max(load(scores + j), most);
  const IntVec rest = lane_index() < splat_int(static_cast<int32_t>(keys - j));
  if (j < keys) most = max(select(rest, load(scores + j), splat(kNone)), most);
  const float now = largest(most);
  const Vec factor = splat(scale), shift = splat(scale * now);
  Vec added{};
  for (j = 0; j + kLanes <= keys; j += kLanes) {
    const Vec p = power_of_two(load(scores + j) * factor - shift);
    added += p;
    store_bf16(weights + j, p);
  }
  if (j < keys) {
    const Vec p = select(rest, power_of_two(load(scores + j) * factor - shift), splat(0.0f));
    added += p;
    store_bf16(weights + j, p);
    j += kLanes;
  }
  for (; j < columns; j += kLanes) store_bf16(weights + j, Vec{});
  if (now == before) {
    *total += sum(added);
    return now;
  }
  const Vec shrink = before == kNone ? Vec{} : power_of_two(splat(scale * (before - now)));
  *total = *total * shrink[0] + sum(added);
  for (int64_t d = 0; d < dim; d += kLanes) store(gathered + d, load(gathered + d) * shrink);
  return now;
}

}  // namespace

void attention_forward_wide(const Attention& t, int64_t set, int64_t head, int64_t q_begin, int64_t q_end, Bf16Product product, float* scratch) {
  const int64_t q_first = t.q_starts[set] + q_begin, queries = q_end - q_begin;
  const int64_t kv_first = t.kv_starts[set], keys = t.kv_starts[set + 1] - kv_first;
  const int64_t dim = t.dim, padded_queries = (queries + kWideQueryBlock - 1) / kWideQueryBlock * kWideQueryBlock;
  const float scale = t.scale * 1.44269504088896341f;  // powers of two, not of e
  float* sums = scratch;
  float* scores = sums + kWideQueryChunk * dim;
  float* most = scores + kWideQueryBlock * kWideKeyBlock;
  float* total = most + kWideQueryChunk;
  auto* q_rows = reinterpret_cast<uint16_t*>(total + kWideQueryChunk);
  uint16_t* weights = q_rows + kWideQueryChunk * dim;
  uint16_t* k_panel = weights + kWideQueryBlock * kWideKeyBlock;
  uint16_t* v_panel = k_panel + kWideKeyBlock * dim;

  for (int64_t i = 0; i < queries; ++i) __builtin_memcpy(q_rows + i * dim, bf16_row(t.q, q_first + i, head), 2 * dim);
  __builtin_memset(q_rows + queries * dim, 0, 2 * (padded_queries - queries) * dim);
  __builtin_memset(sums, 0, 4 * padded_queries * dim);
  __builtin_memset(weights, 0, 2 * kWideQueryBlock * kWideKeyBlock);
  for (int64_t i = 0; i < queries; ++i) most[i] = kNone, total[i] = 0;
  for (int64_t k_begin = 0; k_begin < keys; k_begin += kWideKeyBlock) {
    const int64_t count = least(kWideKeyBlock, keys - k_begin);
    // Few different widths: libtorch makes machine code for each.
    const int64_t columns = (count + 63) / 64 * 64;
    pack_keys(t.k, kv_first + k_begin, count, head, dim, columns, k_panel);
    pack_values(t.v, kv_first + k_begin, count, head, dim, columns, v_panel);
    for (int64_t q = 0; q < queries; q += kWideQueryBlock) {
      const int64_t rows = least(kWideQueryBlock, queries - q);
      product(kWideQueryBlock, columns, dim, dim, columns, columns, false, q_rows + q * dim, k_panel, scores);
      for (int64_t i = 0; i < rows; ++i)
        most[q + i] =
            soften(scores + i * columns, count, columns, scale, most[q + i], total + q + i, sums + (q + i) * dim, dim, weights + i * columns);
      product(kWideQueryBlock, dim, columns, columns, dim, dim, true, weights, v_panel, sums + q * dim);
    }
  }
  for (int64_t i = 0; i < queries; ++i) {
    scatter(t.out, true, q_first + i, head, dim, keys == 0 ? 0 : 1 / total[i], sums + i * dim);
    const int64_t row = t.q.order ? t.q.order[q_first + i] : q_first + i;
    t.logsumexp[row * t.heads + head] = most[i] * t.scale + __builtin_logf(total[i]);
  }
}

}  // namespace earthcraft::EC_VARIANT
