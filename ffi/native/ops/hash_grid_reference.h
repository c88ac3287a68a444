// Multiresolution hash encoding a sample and a corner at a time: what the fast kernel is tested against, and what float64 runs.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "../kernels/hash_cells.h"

namespace earthcraft {

// positions [N, 3], table [rows, width], features [N, levels * width]
template <typename T>
struct HashGridReference {
  const std::vector<HashLevel>& levels;
  int64_t samples, width;

  static uint64_t row_of(const HashLevel& level, const uint64_t (&corner)[3]) {
    const uint64_t side = static_cast<uint64_t>(level.resolution) + 1;
    if (level.dense) return corner[0] + side * corner[1] + side * side * corner[2];
    constexpr uint64_t kPrimes[3] = {1, 2654435761, 805459861};
    uint64_t hash = 0;
    for (int axis = 0; axis < 3; ++axis) hash ^= corner[axis] * kPrimes[axis] % (uint64_t{1} << 32);
    return hash % static_cast<uint64_t>(level.entries);
  }

  // visit(sample, level, row of the table, weight, slopes of the weight along the axes)
  template <typename Visit>
  void each_corner(const T* positions, Visit&& visit) const {
    for (int64_t n = 0; n < samples; ++n)
      for (size_t l = 0; l < levels.size(); ++l) {
        const HashLevel& level = levels[l];
        uint64_t cell[3];
        T along[3], inside[3];
        for (int axis = 0; axis < 3; ++axis) {
          const T position = positions[3 * n + axis];
          inside[axis] = position < 0 || position > 1 ? T(0) : T(1);
          const T scaled = std::min(std::max(position, T(0)), T(1)) * static_cast<T>(level.resolution);
          cell[axis] = std::isfinite(scaled) ? std::min<uint64_t>(static_cast<uint64_t>(scaled), static_cast<uint64_t>(level.resolution) - 1) : 0;
          along[axis] = scaled - static_cast<T>(cell[axis]) + 0 * position;
        }
        for (int c = 0; c < 8; ++c) {
          T side[3], slope[3];
          uint64_t corner[3];
          for (int axis = 0; axis < 3; ++axis) {
            const bool high = c >> axis & 1;
            corner[axis] = cell[axis] + high;
            side[axis] = high ? along[axis] : 1 - along[axis];
            slope[axis] = (high ? 1 : -1) * static_cast<T>(level.resolution) * inside[axis];
          }
          const T slopes[3] = {slope[0] * side[1] * side[2], side[0] * slope[1] * side[2], side[0] * side[1] * slope[2]};
          visit(n, static_cast<int64_t>(l), level.first + static_cast<int64_t>(row_of(level, corner)), side[0] * side[1] * side[2], slopes);
        }
      }
  }

  int64_t place(int64_t n, int64_t l, int64_t f) const { return (n * static_cast<int64_t>(levels.size()) + l) * width + f; }

  // `features` holds zeros.
  void forward(const T* positions, const T* table, T* features) const {
    each_corner(positions, [&](int64_t n, int64_t l, int64_t row, T weight, const T*) {
      for (int64_t f = 0; f < width; ++f) features[place(n, l, f)] += weight * table[row * width + f];
    });
  }

  // The gradients hold zeros; either may be null.
  void backward(const T* positions, const T* table, const T* features_grad, T* positions_grad, T* table_grad) const {
    each_corner(positions, [&](int64_t n, int64_t l, int64_t row, T weight, const T* slopes) {
      for (int64_t f = 0; f < width; ++f) {
        const T slope = features_grad[place(n, l, f)];
        if (table_grad) table_grad[row * width + f] += weight * slope;
        for (int axis = 0; positions_grad && axis < 3; ++axis) positions_grad[3 * n + axis] += slopes[axis] * table[row * width + f] * slope;
      }
    });
  }
};

}  // namespace earthcraft
