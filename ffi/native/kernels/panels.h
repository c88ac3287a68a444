// A factor of a matrix product as the kernels read it: panels of at most 64 columns, one after another, so that a row of a panel is a few cache lines
// in a row. Panel at column p: packed + p * depth, [depth, width]; the last one is padded with 0 to 16 columns.
#pragma once

#include <cstdint>

#include "dispatch.h"

namespace earthcraft {

constexpr int64_t kPanel = 64;

// static: each processor's copy keeps its own
static constexpr int64_t padded_columns(int64_t columns) { return (columns + 15) / 16 * 16; }
static constexpr int64_t panel_width(int64_t columns, int64_t panel) {
  return padded_columns(columns) - panel < kPanel ? padded_columns(columns) - panel : kPanel;
}

EC_DECLARE_VARIANTS(
    // b [depth, columns], rows of `stride` floats
    void pack_panels(const float* b, int64_t stride, int64_t depth, int64_t columns, float* packed);
    // b stored the other way, [columns, depth]
    void pack_panels_swapped(const float* b, int64_t depth, int64_t columns, float* packed);)

}  // namespace earthcraft
