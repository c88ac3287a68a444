// A factor of a matrix product as the kernels read it: strips as wide as a register tile (simd.h: 64, 16 or 8 columns), one after another, so that a
// product reads memory in a row: rows of a wide matrix lie a power of two apart, and share few sets of the cache. Strip at column p: packed + p *
// depth, [depth, width]. Columns are padded with 0 to a multiple of 16; tasks count panels of 64, whole strips in every variant.
#pragma once

#include <cstdint>

#include "dispatch.h"

namespace earthcraft {

constexpr int64_t kPanel = 64;

// static: each processor's copy keeps its own
static constexpr int64_t padded_columns(int64_t columns) { return (columns + 15) / 16 * 16; }

EC_DECLARE_VARIANTS(
    // b [depth, columns], rows of `stride` floats
    void pack_panels(const float* b, int64_t stride, int64_t depth, int64_t columns, float* packed);
    // b stored the other way, [columns, depth]
    void pack_panels_swapped(const float* b, int64_t depth, int64_t columns, float* packed);)

}  // namespace earthcraft
