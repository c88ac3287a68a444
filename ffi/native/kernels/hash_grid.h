// Multiresolution hash encoding, f32: what the kernels in hash_grid.cpp take. One level a call; features lie one after another, samples side by side.
#pragma once

#include <cstdint>

#include "dispatch.h"
#include "hash_cells.h"

namespace earthcraft {

// positions [3, stride] in [0, 1]; of features [levels * width, stride] a call sees its level's `width` rows.
struct HashSamples {
  const float* positions;
  int64_t stride;
  int64_t begin, end;
};

EC_DECLARE_VARIANTS(
    // table [rows, width]; width 1, 2, 4 or 8
    void hash_grid_forward(const HashSamples& samples, const HashLevel& level, const float* table, int64_t width, float* features);
    // Adds to table_grad, sample by sample.
    void hash_grid_table_grad(const HashSamples& samples, const HashLevel& level, const float* features_grad, int64_t width, float* table_grad);
    // Adds to positions_grad [3, stride].
    void hash_grid_position_grad(const HashSamples& samples, const HashLevel& level, const float* table, const float* features_grad, int64_t width,
                                 float* positions_grad);)

}  // namespace earthcraft
