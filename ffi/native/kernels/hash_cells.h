// Cells of a multiresolution hash grid (Müller et al., "Instant neural graphics primitives with a multiresolution hash encoding", 2022, section 3):
// the arithmetic that every device shares.
#pragma once

#include <cstdint>

#include "host_device.h"

namespace earthcraft {

// A level of `resolution` cells an axis over the unit cube. Corners have a row each where (resolution + 1)^3 fit, else they are hashed to a power of
// two.
struct HashLevel {
  int32_t resolution;
  int32_t entries;  // rows
  int64_t first;    // row of the table
  bool dense;
};

}  // namespace earthcraft

#ifdef EC_VARIANT
namespace earthcraft::EC_VARIANT {

// Where a coordinate lies: between corner `cell` and the next, at `along` of the way. Beyond the cube it is moved to the border; NaN gives NaN.
EC_INLINE void find_cell(float position, int32_t resolution, int32_t* cell, float* along) {
  const float bounded = position > 0 ? (position < 1 ? position : 1.0f) : 0.0f;
  const float scaled = bounded * static_cast<float>(resolution);
  const int32_t below = static_cast<int32_t>(scaled), last = resolution - 1;
  *cell = below < last ? below : last;
  *along = scaled - static_cast<float>(*cell) + 0 * position;
}
EC_INLINE void find_cell(double position, int32_t resolution, int32_t* cell, double* along) {
  const double bounded = position > 0 ? (position < 1 ? position : 1.0) : 0.0;
  const double scaled = bounded * resolution;
  const int32_t below = static_cast<int32_t>(scaled), last = resolution - 1;
  *cell = below < last ? below : last;
  *along = scaled - *cell + 0 * position;
}

// Row of a corner in its level, equation 4 of the paper.
EC_INLINE int32_t corner_row(const HashLevel& level, uint32_t x, uint32_t y, uint32_t z) {
  const uint32_t side = static_cast<uint32_t>(level.resolution) + 1;
  return static_cast<int32_t>(level.dense ? x + side * (y + side * z)
                                          : (x ^ y * 2654435761u ^ z * 805459861u) & (static_cast<uint32_t>(level.entries) - 1));
}

}  // namespace earthcraft::EC_VARIANT
#endif
