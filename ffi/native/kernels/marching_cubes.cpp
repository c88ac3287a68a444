// See marching_cubes.h.

#include "marching_cubes.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "marching_cubes_rows.h"

namespace earthcraft::EC_VARIANT {
namespace {

#if defined(__AVX512F__)
constexpr int kTogether = 16;
template <bool above>
EC_INLINE uint64_t compared(const float* from, float level) {
  return _mm512_cmp_ps_mask(_mm512_loadu_ps(from), _mm512_set1_ps(level), above ? _CMP_GT_OQ : _CMP_LT_OQ);
}
#elif defined(__AVX2__)
constexpr int kTogether = 8;
template <bool above>
EC_INLINE uint64_t compared(const float* from, float level) {
  return static_cast<unsigned>(_mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(from), _mm256_set1_ps(level), above ? _CMP_GT_OQ : _CMP_LT_OQ)));
}
#elif defined(__x86_64__)
constexpr int kTogether = 4;
template <bool above>
EC_INLINE uint64_t compared(const float* from, float level) {
  const __m128 values = _mm_loadu_ps(from), levels = _mm_set1_ps(level);
  return static_cast<unsigned>(_mm_movemask_ps(above ? _mm_cmpgt_ps(values, levels) : _mm_cmplt_ps(values, levels)));
}
#else
constexpr int kTogether = 1;
template <bool above>
EC_INLINE uint64_t compared(const float* from, float level) {
  return above ? *from > level : *from < level;
}
#endif

template <bool above>
void bits_of(const float* row, int64_t values, float level, uint64_t* bits) {
  int64_t at = 0;
  for (; at + 64 <= values; at += 64) {
    uint64_t word = 0;
    for (int k = 0; k < 64; k += kTogether) word |= compared<above>(row + at + k, level) << k;
    *bits++ = word;
  }
  if (at == values) return;
  uint64_t word = 0;
  for (int64_t k = at; k < values; ++k) word |= static_cast<uint64_t>(above ? row[k] > level : row[k] < level) << (k - at);
  *bits = word;
}

}  // namespace

void inside_bits(const float* row, int64_t values, float level, bool above, uint64_t* bits) {
  above ? bits_of<true>(row, values, level, bits) : bits_of<false>(row, values, level, bits);
}

void count_plane(const VolumeGrid& grid, const CellCases& cases, const uint64_t* inside, int64_t i, int32_t* vertices, int32_t* triangles) {
  *triangles = 0;
  for (int64_t j = 0; j < grid.rows; ++j) {
    const RowCounts row = count_row(grid, cases, inside, i, j);
    vertices[2 * j] = row.along, vertices[2 * j + 1] = row.across, vertices[2 * grid.rows + j] = row.between;
    *triangles += row.triangles;
  }
}

void plane_faces(const VolumeGrid& grid, const CellCases& cases, const uint64_t* inside, const int32_t* starts, int64_t i, int32_t* faces) {
  for (int64_t j = 0; j < grid.rows; ++j) faces = row_faces(grid, cases, inside, starts, i, j, faces);
}

void plane_vertices(const VolumeGrid& grid, const uint64_t* inside, const int32_t* starts, int64_t i, const float* front, const float* back,
                    float* vertices) {
  for (int64_t j = 0; j < grid.rows; ++j) row_vertices(grid, inside, starts, i, j, front, back, vertices);
}

}  // namespace earthcraft::EC_VARIANT
