// Sparse convolution, f32: gathers input rows by pointer, keeps a block of outputs in cache while the taps pass, and never writes a 27-fold copy.

#include "sparse_conv.h"

#include "gemm_tile.h"

namespace earthcraft::EC_VARIANT {
namespace {

constexpr int64_t kSummedPairs = 64;  // of a weight's gradient

// At most 8 rows: their 8 pointers then stay in registers.
constexpr int gather_rows(int columns) {
#if defined(__AVX512F__)
  return columns == 4 ? 6 : 8;
#else
  return columns == 1 ? 8 : 6;
#endif
}

// Adds in[in_rows[r]] · weight to block[out_rows[r] - first] for Rows pairs. What is there already is added last, here and below: the rounding of a
// long sum grows with the number of calls, not of terms.
template <int Rows, int Columns>
EC_INLINE void gather_tile(const float* in, int64_t depth, const int32_t* in_rows, const int32_t* out_rows, const float* weight,
                           int64_t weight_stride, int64_t width, float* block, int64_t first) {
  const float* a[Rows];
  float* c[Rows];
  Vec sums[Rows][Columns];
#pragma GCC unroll 8
  for (int i = 0; i < Rows; ++i) {
    a[i] = in + in_rows[i] * depth;
    c[i] = block + (out_rows[i] - first) * width;
#pragma GCC unroll 4
    for (int j = 0; j < Columns; ++j) sums[i][j] = Vec{};
  }
  for (int64_t k = 0; k < depth; ++k) {
    Vec w[Columns];
#pragma GCC unroll 4
    for (int j = 0; j < Columns; ++j) w[j] = load(weight + k * weight_stride + j * kLanes);
#pragma GCC unroll 8
    for (int i = 0; i < Rows; ++i) {
      const Vec factor = splat(a[i][k]);
#pragma GCC unroll 4
      for (int j = 0; j < Columns; ++j) sums[i][j] += factor * w[j];
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < Columns; ++j) store(c[i] + j * kLanes, load(c[i] + j * kLanes) + sums[i][j]);
}

template <int Columns>
inline void gather_strip(const float* in, int64_t depth, const int32_t* in_rows, const int32_t* out_rows, int64_t pairs, const float* weight,
                         int64_t weight_stride, int64_t width, float* block, int64_t first) {
  constexpr int kRows = gather_rows(Columns);
  int64_t p = 0;
  for (; p + kRows <= pairs; p += kRows)
    gather_tile<kRows, Columns>(in, depth, in_rows + p, out_rows + p, weight, weight_stride, width, block, first);
  if (p + 4 <= pairs) gather_tile<4, Columns>(in, depth, in_rows + p, out_rows + p, weight, weight_stride, width, block, first), p += 4;
  if (p + 2 <= pairs) gather_tile<2, Columns>(in, depth, in_rows + p, out_rows + p, weight, weight_stride, width, block, first), p += 2;
  if (p < pairs) gather_tile<1, Columns>(in, depth, in_rows + p, out_rows + p, weight, weight_stride, width, block, first);
}

inline void gather_multiply(const ConvForward& t, const int32_t* in_rows, const int32_t* out_rows, int64_t pairs, const float* weight, int64_t width,
                            float* block, int64_t first) {
  for (int64_t j = 0; j < width; j += kStrip) {
    const int64_t columns = strip_width(width, j), stride = t.row_stride == 0 ? columns : t.row_stride;
    const auto strip = [&](auto kernel) {
      kernel(t.in, t.in_channels, in_rows, out_rows, pairs, weight + j * t.column_stride, stride, width, block + j, first);
    };
    if (columns == kStrip) strip(gather_strip<kMaxColumns>);
    if constexpr (kMaxColumns > 2) {
      if (columns == 3 * kLanes) strip(gather_strip<3>);
      if (columns == 2 * kLanes) strip(gather_strip<2>);
      if (columns == kLanes) strip(gather_strip<1>);
    }
  }
}

// Rows input channels by Columns vectors of output channels, over all pairs of one tap in one block.
template <int Rows, int Columns>
EC_INLINE void outer_tile(const float* in, int64_t in_stride, const float* out_grad, int64_t out_stride, const int32_t* in_rows,
                          const int32_t* out_rows, int64_t pairs, float* c, int64_t c_stride) {
  Vec sums[Rows][Columns];
#pragma GCC unroll 12
  for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < Columns; ++j) sums[i][j] = Vec{};
  for (int64_t p = 0; p < pairs; ++p) {
    const float* a = in + in_rows[p] * in_stride;
    const float* b = out_grad + out_rows[p] * out_stride;
    Vec b_row[Columns];
#pragma GCC unroll 4
    for (int j = 0; j < Columns; ++j) b_row[j] = load(b + j * kLanes);
#pragma GCC unroll 12
    for (int i = 0; i < Rows; ++i) {
      const Vec factor = splat(a[i]);
#pragma GCC unroll 4
      for (int j = 0; j < Columns; ++j) sums[i][j] += factor * b_row[j];
    }
  }
#pragma GCC unroll 12
  for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < Columns; ++j) store(c + i * c_stride + j * kLanes, load(c + i * c_stride + j * kLanes) + sums[i][j]);
}

template <int Columns>
inline void outer_strip(const ConvWeightGrad& t, const int32_t* in_rows, const int32_t* out_rows, int64_t pairs, int64_t column, float* into) {
  constexpr int kRows = tile_rows(Columns);
  const float* g = t.out_grad + column;
  float* c = into + column;
  const int64_t ci = t.in_channels, co = t.out_channels;
  int64_t i = 0;
  for (; i + kRows <= ci; i += kRows) outer_tile<kRows, Columns>(t.in + i, ci, g, co, in_rows, out_rows, pairs, c + i * co, co);
  if constexpr (kRows > 8)
    if (i + 8 <= ci) outer_tile<8, Columns>(t.in + i, ci, g, co, in_rows, out_rows, pairs, c + i * co, co), i += 8;
  if (i + 4 <= ci) outer_tile<4, Columns>(t.in + i, ci, g, co, in_rows, out_rows, pairs, c + i * co, co), i += 4;
  if (i + 2 <= ci) outer_tile<2, Columns>(t.in + i, ci, g, co, in_rows, out_rows, pairs, c + i * co, co), i += 2;
  for (; i < ci; ++i) outer_tile<1, Columns>(t.in + i, ci, g, co, in_rows, out_rows, pairs, c + i * co, co);
}

void outer_sums(const ConvWeightGrad& t, const int32_t* in_rows, const int32_t* out_rows, int64_t pairs, float* into) {
  int64_t j = 0;
  for (; j + kStrip <= t.out_channels; j += kStrip) outer_strip<kMaxColumns>(t, in_rows, out_rows, pairs, j, into);
  const int64_t left = (t.out_channels - j) / kLanes;
  if constexpr (kMaxColumns > 2) {
    if (left == 3) outer_strip<3>(t, in_rows, out_rows, pairs, j, into);
    if (left == 2) outer_strip<2>(t, in_rows, out_rows, pairs, j, into);
  }
  if (left == 1) outer_strip<1>(t, in_rows, out_rows, pairs, j, into);
}

EC_INLINE void write_row(const float* sums, const float* residual, int64_t columns, float* out) {
  int64_t j = 0;
  if (residual) {
    for (; j + kLanes <= columns; j += kLanes) store(out + j, load(sums + j) + load(residual + j));
    for (; j < columns; ++j) out[j] = sums[j] + residual[j];
  } else {
    for (; j + kLanes <= columns; j += kLanes) store(out + j, load(sums + j));
    for (; j < columns; ++j) out[j] = sums[j];
  }
}

}  // namespace

void conv_forward(const ConvForward& t, int64_t part_begin, int64_t part_end, float* scratch) {
  const int64_t padded = (t.out_channels + 15) / 16 * 16, panels = (padded + kPanel - 1) / kPanel, taps = t.pairs.taps;
  for (int64_t part = part_begin; part < part_end; ++part) {
    const int64_t block = part / panels, panel = part % panels * kPanel;
    const int64_t first = block * kConvBlock;
    const int64_t rows = t.pairs.rows - first < kConvBlock ? t.pairs.rows - first : kConvBlock;
    const int64_t width = padded - panel < kPanel ? padded - panel : kPanel;
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t j = 0; j < width; j += kLanes) store(scratch + r * width + j, t.bias ? load(t.bias + panel + j) : Vec{});
    for (int64_t tap = 0; tap < taps; ++tap) {
      const int64_t begin = t.pairs.starts[block * taps + tap], end = t.pairs.starts[block * taps + tap + 1];
      if (begin == end) continue;
      const float* weight = t.weight + (t.mirrored ? taps - 1 - tap : tap) * t.tap_stride + panel * t.column_stride;
      gather_multiply(t, t.pairs.in_rows + begin, t.pairs.out_rows + begin, end - begin, weight, width, scratch, first);
    }
    const int64_t kept = t.out_channels - panel < width ? t.out_channels - panel : width;
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t at = (first + r) * t.out_channels + panel;
      write_row(scratch + r * width, t.residual ? t.residual + at : nullptr, kept, t.out + at);
    }
  }
}

void conv_weight_grad(const ConvWeightGrad& t, int64_t block_begin, int64_t block_end, int64_t tap_begin, int64_t tap_end, float* into) {
  for (int64_t block = block_begin; block < block_end; ++block)
    for (int64_t tap = tap_begin; tap < tap_end; ++tap) {
      const int64_t begin = t.pairs.starts[block * t.pairs.taps + tap], end = t.pairs.starts[block * t.pairs.taps + tap + 1];
      // Few pairs a sum: the rounding grows with its terms.
      for (int64_t first = begin; first < end; first += kSummedPairs)
        outer_sums(t, t.pairs.in_rows + first, t.pairs.out_rows + first, least(kSummedPairs, end - first),
                   into + tap * t.in_channels * t.out_channels);
    }
}

}  // namespace earthcraft::EC_VARIANT
