#include "linear.h"

#include "gemm_tile.h"

namespace earthcraft::EC_VARIANT {
namespace {

// out [rows, columns], rows of `columns` floats, (+)= a · b, b: the rows of a packed matrix's strips that start at `first`, of `whole` in all.
template <bool ATransposed>
void panels_product(int64_t rows, int64_t columns, const float* a, int64_t a_stride, const float* b, int64_t first, int64_t depth, int64_t whole,
                    float* out, bool accumulate) {
  for (int64_t strip = 0; strip < columns; strip += kStrip) {
    const int64_t width = strip_width(padded_columns(columns), strip), kept = least(columns - strip, width);
    const float* part = b + strip * whole + first * width;
    if (kept == width) {
      multiply<ATransposed>(rows, width, depth, a, a_stride, part, width, out + strip, columns, accumulate);
      continue;
    }
    alignas(64) float wide[kLinearRows * kStrip];  // columns that do not fill their vectors
    for (int64_t r = 0; accumulate && r < rows; ++r)
      for (int64_t j = 0; j < width; ++j) wide[r * width + j] = j < kept ? out[r * columns + strip + j] : 0;
    multiply<ATransposed>(rows, width, depth, a, a_stride, part, width, wide, width, accumulate);
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t j = 0; j < kept; ++j) out[r * columns + strip + j] = wide[r * width + j];
  }
}

}  // namespace

void linear_rows(const float* a, const float* b, const float* bias, int64_t depth, int64_t columns, int64_t begin, int64_t end, float* out) {
  for (int64_t r = begin; r < end; r += kLinearRows) {
    const int64_t rows = least(kLinearRows, end - r);
    float* to = out + r * columns;
    for (int64_t i = 0; bias != nullptr && i < rows; ++i) __builtin_memcpy(to + i * columns, bias, static_cast<size_t>(columns) * sizeof(float));
    for (int64_t k = 0; k < depth; k += kLinearDepth)
      panels_product<false>(rows, columns, a + r * depth + k, depth, b, k, least(kLinearDepth, depth - k), depth, to, k > 0 || bias != nullptr);
  }
}

void linear_rows_bf16(const uint16_t* a, const float* b, const float* bias, int64_t depth, int64_t columns, int64_t begin, int64_t end,
                      float* scratch, uint16_t* out) {
  float* sums = scratch + kLinearRows * depth;
  for (int64_t r = begin; r < end; r += kLinearRows) {
    const int64_t rows = least(kLinearRows, end - r);
    for (int64_t i = 0; i < rows * depth; ++i) scratch[i] = bf16_to_float(a[r * depth + i]);
    linear_rows(scratch, b, bias, depth, columns, 0, rows, sums);
    for (int64_t i = 0; i < rows * columns; ++i) out[r * columns + i] = float_to_bf16(sums[i]);
  }
}

void linear_outer(const float* a, const float* b, int64_t rows, int64_t columns, int64_t depth, int64_t begin, int64_t end, float* scratch,
                  float* out) {
  const int64_t kept = end - begin;
  float* a_block = scratch;  // [depth of the block, kept]
  float* b_block = scratch + kLinearDepth * kLinearRows;
  for (int64_t k = 0; k < depth; k += kLinearDepth) {
    const int64_t block = least(kLinearDepth, depth - k);
    for (int64_t i = 0; i < block; ++i) __builtin_memcpy(a_block + i * kept, a + (k + i) * rows + begin, static_cast<size_t>(kept) * sizeof(float));
    pack_panels(b + k * columns, columns, block, columns, b_block);
    panels_product<true>(kept, columns, a_block, kept, b_block, 0, block, block, out + begin * columns, k > 0);
  }
}

void column_sums(const float* x, int64_t columns, int64_t begin, int64_t end, float* sums) {
  for (int64_t r = begin; r < end; ++r) {
    const float* row = x + r * columns;
    int64_t j = 0;
    for (; j + kLanes <= columns; j += kLanes) store(sums + j, load(sums + j) + load(row + j));
    for (; j < columns; ++j) sums[j] += row[j];
  }
}

}  // namespace earthcraft::EC_VARIANT
