// The arithmetic of marching_cubes, which the CPU and CUDA share to the bit: rows of cells, from rows of bits that say what lies inside.  Compile
// without fused multiply-add.
#pragma once

#include <cstdint>

#include "host_device.h"
#include "marching_cubes.h"

namespace earthcraft::EC_VARIANT {

#if defined(__CUDA_ARCH__)
EC_INLINE int bit_count(uint64_t bits) { return __popcll(bits); }
EC_INLINE int lowest_bit(uint64_t bits) { return __ffsll(static_cast<long long>(bits)) - 1; }
#else
EC_INLINE int bit_count(uint64_t bits) { return __builtin_popcountll(bits); }
EC_INLINE int lowest_bit(uint64_t bits) { return __builtin_ctzll(bits); }
#endif

// Where between two values, of which one lies inside, the level is met: in [0, 1].  At a value that is no number, or between two infinite ones,
// halfway; next to an infinite one, at the finite one.
EC_INLINE double crossing(double from, double to, double level) {
  const double at = (level - from) / (to - from);
  if (at == at) return at;
  return from == from && to - to == 0 ? 1 : 0.5;
}

// 64 cells of a row and their neighbours.  Rows r = 2 di + dj; bit k of along[r], across[di] and between[dj] says whether the surface meets the edge
// from value k along k, along j, along i.
struct CellWord {
  uint64_t along[4], across[2], between[2];
  uint64_t active;  // cells that the surface passes
  uint64_t here[4], next[4];

  EC_INLINE CellWord(const uint64_t* const (&row)[4], int64_t word, const VolumeGrid& grid) {
    const int64_t left = grid.values - 1 - 64 * word;
    const uint64_t valid = left >= 64 ? ~uint64_t{0} : left <= 0 ? 0 : (uint64_t{1} << left) - 1;
    uint64_t any = 0, all = ~uint64_t{0};
    for (int r = 0; r < 4; ++r) {
      here[r] = row[r][word];
      next[r] = here[r] >> 1 | (word + 1 < grid.words() ? row[r][word + 1] << 63 : 0);
      along[r] = (here[r] ^ next[r]) & valid;
      any |= here[r] | next[r];
      all &= here[r] & next[r];
    }
    for (int d = 0; d < 2; ++d) {
      across[d] = here[2 * d] ^ here[2 * d + 1];
      between[d] = here[d] ^ here[2 + d];
    }
    active = any & ~all & valid;
  }
  EC_INLINE bool empty() const { return (along[0] | along[1] | along[2] | along[3] | across[0] | across[1] | between[0] | between[1]) == 0; }
  EC_INLINE int case_at(int k) const {
    int found = 0;
    for (int r = 0; r < 4; ++r) found |= static_cast<int>((here[r] >> k & 1) | (next[r] >> k & 1) << 1) << (2 * r);
    return found;
  }
};

// Row j of plane i. Where the volume ends the row stands for its missing neighbours, so that nothing is met there.
struct CellRow {
  const uint64_t* bits[4];
  bool has_cells;

  EC_INLINE CellRow(const VolumeGrid& grid, const uint64_t* inside, int64_t i, int64_t j) {
    const int64_t words = grid.words(), down = j + 1 < grid.rows ? words : 0, behind = i + 1 < grid.planes ? grid.rows * words : 0;
    bits[0] = inside + (i * grid.rows + j) * words;
    bits[1] = bits[0] + down, bits[2] = bits[0] + behind, bits[3] = bits[2] + down;
    has_cells = down > 0 && behind > 0;
  }
};

struct RowCounts {
  int32_t along = 0, across = 0, between = 0, triangles = 0;
};

EC_INLINE RowCounts count_row(const VolumeGrid& grid, const CellCases& cases, const uint64_t* inside, int64_t i, int64_t j) {
  const CellRow row(grid, inside, i, j);
  RowCounts counts;
  for (int64_t w = 0; w < grid.words(); ++w) {
    const CellWord word(row.bits, w, grid);
    if (word.empty()) continue;
    counts.along += bit_count(word.along[0]);
    counts.across += bit_count(word.across[0]);
    counts.between += bit_count(word.between[0]);
    if (row.has_cells)
      for (uint64_t left = word.active; left != 0; left &= left - 1) counts.triangles += cases.of[word.case_at(lowest_bit(left))].triangles;
  }
  return counts;
}

// Writes the faces of row j of plane i; returns where the next row's go.
EC_INLINE int32_t* row_faces(const VolumeGrid& grid, const CellCases& cases, const uint64_t* inside, const int32_t* starts, int64_t i, int64_t j,
                             int32_t* to) {
  const CellRow row(grid, inside, i, j);
  if (!row.has_cells) return to;
  int32_t along[4], across[2], between[2];  // the next vertex of each group
  for (int d = 0; d < 2; ++d) {
    for (int e = 0; e < 2; ++e) along[2 * d + e] = starts[grid.along_group(i + d, j + e)];
    across[d] = starts[grid.across_group(i + d, j)];
    between[d] = starts[grid.between_group(i, j + d)];
  }
  for (int64_t w = 0; w < grid.words(); ++w) {
    const CellWord word(row.bits, w, grid);
    if (word.empty()) continue;
    for (uint64_t left = word.active; left != 0; left &= left - 1) {
      const int k = lowest_bit(left);
      const uint64_t below[2] = {(uint64_t{1} << k) - 1, (uint64_t{2} << k) - 1};  // the bits before k, and before k + 1
      int32_t vertex[kCellEdges];
      for (int r = 0; r < 4; ++r) vertex[r] = along[r] + bit_count(word.along[r] & below[0]);
      for (int d = 0; d < 2; ++d)
        for (int dk = 0; dk < 2; ++dk) {
          vertex[4 + 2 * d + dk] = across[d] + bit_count(word.across[d] & below[dk]);
          vertex[8 + 2 * d + dk] = between[d] + bit_count(word.between[d] & below[dk]);
        }
      const CellCase& cut = cases.of[word.case_at(k)];
      for (int corner = 0; corner < 3 * cut.triangles; ++corner) *to++ = vertex[cut.edge[corner]];
    }
    for (int r = 0; r < 4; ++r) along[r] += bit_count(word.along[r]);
    for (int d = 0; d < 2; ++d) {
      across[d] += bit_count(word.across[d]);
      between[d] += bit_count(word.between[d]);
    }
  }
  return to;
}

// Writes the vertices of row j of plane i, whose values are those of `front`, and of `back` in plane i + 1.
EC_INLINE void row_vertices(const VolumeGrid& grid, const uint64_t* inside, const int32_t* starts, int64_t i, int64_t j, const float* front,
                            const float* back, float* vertices) {
  const CellRow row(grid, inside, i, j);
  const float *values = front + j * grid.values, *behind = back + j * grid.values;
  const double at_i = static_cast<double>(grid.first_plane + i), at_j = static_cast<double>(j);
  const auto place = [&](float* to, double x, double y, double z) {
    to[0] = static_cast<float>(grid.origin[0] + x * grid.spacing[0]);
    to[1] = static_cast<float>(grid.origin[1] + y * grid.spacing[1]);
    to[2] = static_cast<float>(grid.origin[2] + z * grid.spacing[2]);
  };
  const auto group = [&](int64_t number) { return vertices + 3 * (static_cast<int64_t>(starts[number]) - grid.first_vertex); };
  float *along = group(grid.along_group(i, j)), *across = group(grid.across_group(i, j)), *between = group(grid.between_group(i, j));
  const bool draws_plane = i + 1 < grid.planes || !grid.more;
  for (int64_t w = 0; w < grid.words(); ++w) {
    const CellWord word(row.bits, w, grid);
    if (word.empty()) continue;
    const double level = grid.level;
    if (draws_plane) {
      for (uint64_t left = word.along[0]; left != 0; left &= left - 1, along += 3) {
        const int64_t k = 64 * w + lowest_bit(left);
        place(along, at_i, at_j, static_cast<double>(k) + crossing(values[k], values[k + 1], level));
      }
      for (uint64_t left = word.across[0]; left != 0; left &= left - 1, across += 3) {
        const int64_t k = 64 * w + lowest_bit(left);
        place(across, at_i, at_j + crossing(values[k], values[k + grid.values], level), static_cast<double>(k));
      }
    }
    for (uint64_t left = word.between[0]; left != 0; left &= left - 1, between += 3) {
      const int64_t k = 64 * w + lowest_bit(left);
      place(between, at_i + crossing(values[k], behind[k], level), at_j, static_cast<double>(k));
    }
  }
}

}  // namespace earthcraft::EC_VARIANT
