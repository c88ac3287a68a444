// Small matrix products on data that lies in cache: register tiles of up to 12 rows by kMaxColumns vectors.
// C [rows, columns] (+)= A [rows, depth] · B [depth, columns]; a column count is a multiple of kLanes, B and C have padded rows.
#pragma once

#include "simd.h"

namespace earthcraft::EC_VARIANT {

// Rows of a register tile for a number of column vectors: as many accumulators as registers allow, for the latency of the multiply-add to hide.
constexpr int tile_rows(int columns) {
#if defined(__AVX512F__)
  return columns == 1 ? 12 : columns == 2 ? 12 : columns == 3 ? 8 : 6;
#else
  return columns == 1 ? 8 : 6;
#endif
}

// What there is in C is added last: the rounding of a long sum grows with the number of calls, not of terms.
// ATransposed: A is stored [depth, rows], so that C = Aᵀ · B.
template <int Rows, int Columns, bool ATransposed>
EC_INLINE void tile(const float* a, int64_t a_stride, const float* b, int64_t b_stride, float* c, int64_t c_stride, int64_t depth, bool accumulate) {
  Vec sums[Rows][Columns];
#pragma GCC unroll 12
  for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < Columns; ++j) sums[i][j] = Vec{};
  for (int64_t k = 0; k < depth; ++k) {
    Vec b_row[Columns];
#pragma GCC unroll 4
    for (int j = 0; j < Columns; ++j) b_row[j] = load(b + k * b_stride + j * kLanes);
#pragma GCC unroll 12
    for (int i = 0; i < Rows; ++i) {
      const Vec factor = splat(ATransposed ? a[k * a_stride + i] : a[i * a_stride + k]);
#pragma GCC unroll 4
      for (int j = 0; j < Columns; ++j) sums[i][j] += factor * b_row[j];
    }
  }
#pragma GCC unroll 12
  for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < Columns; ++j) {
      float* to = c + i * c_stride + j * kLanes;
      store(to, accumulate ? load(to) + sums[i][j] : sums[i][j]);
    }
}

template <int Columns, bool ATransposed>
inline void column_strip(int64_t rows, const float* a, int64_t a_stride, const float* b, int64_t b_stride, float* c, int64_t c_stride, int64_t depth,
                         bool accumulate) {
  constexpr int kRows = tile_rows(Columns);
  const int64_t a_step = ATransposed ? 1 : a_stride;
  int64_t i = 0;
  for (; i + kRows <= rows; i += kRows)
    tile<kRows, Columns, ATransposed>(a + i * a_step, a_stride, b, b_stride, c + i * c_stride, c_stride, depth, accumulate);
  if constexpr (kRows > 8)
    if (i + 8 <= rows) tile<8, Columns, ATransposed>(a + i * a_step, a_stride, b, b_stride, c + i * c_stride, c_stride, depth, accumulate), i += 8;
  if (i + 4 <= rows) tile<4, Columns, ATransposed>(a + i * a_step, a_stride, b, b_stride, c + i * c_stride, c_stride, depth, accumulate), i += 4;
  if (i + 2 <= rows) tile<2, Columns, ATransposed>(a + i * a_step, a_stride, b, b_stride, c + i * c_stride, c_stride, depth, accumulate), i += 2;
  for (; i < rows; ++i) tile<1, Columns, ATransposed>(a + i * a_step, a_stride, b, b_stride, c + i * c_stride, c_stride, depth, accumulate);
}

template <bool ATransposed>
inline void multiply(int64_t rows, int64_t columns, int64_t depth, const float* a, int64_t a_stride, const float* b, int64_t b_stride, float* c,
                     int64_t c_stride, bool accumulate) {
  int64_t j = 0;
  for (; j + kMaxColumns * kLanes <= columns; j += kMaxColumns * kLanes)
    column_strip<kMaxColumns, ATransposed>(rows, a, a_stride, b + j, b_stride, c + j, c_stride, depth, accumulate);
  const int64_t left = (columns - j) / kLanes;
  if constexpr (kMaxColumns > 2) {
    if (left == 3) return column_strip<3, ATransposed>(rows, a, a_stride, b + j, b_stride, c + j, c_stride, depth, accumulate);
    if (left == 2) return column_strip<2, ATransposed>(rows, a, a_stride, b + j, b_stride, c + j, c_stride, depth, accumulate);
  }
  if (left == 1) column_strip<1, ATransposed>(rows, a, a_stride, b + j, b_stride, c + j, c_stride, depth, accumulate);
}

// The same for a B in strips (panels.h) of `b_rows` rows, of which the first `depth` are multiplied; columns are a multiple of 16.
template <bool ATransposed>
inline void multiply_strips(int64_t rows, int64_t columns, int64_t depth, const float* a, int64_t a_stride, const float* b, int64_t b_rows, float* c,
                            int64_t c_stride, bool accumulate) {
  for (int64_t j = 0; j < columns; j += kStrip) {
    const int64_t width = strip_width(columns, j);
    multiply<ATransposed>(rows, width, depth, a, a_stride, b + j * b_rows, width, c + j, c_stride, accumulate);
  }
}

}  // namespace earthcraft::EC_VARIANT
