#include "panels.h"

#include "simd.h"

namespace earthcraft::EC_VARIANT {

void pack_panels(const float* b, int64_t stride, int64_t depth, int64_t columns, float* packed) {
  for (int64_t panel = 0; panel < columns; panel += kPanel) {
    const int64_t width = panel_width(columns, panel), kept = columns - panel < width ? columns - panel : width;
    const float* from = b + panel;
    float* to = packed + panel * depth;
    for (int64_t k = 0; k < depth; ++k, from += stride, to += width) {
      int64_t j = 0;
      for (; j + kLanes <= kept; j += kLanes) store(to + j, load(from + j));
      for (; j < width; ++j) to[j] = j < kept ? from[j] : 0;
    }
  }
}

void pack_panels_swapped(const float* b, int64_t depth, int64_t columns, float* packed) {
  for (int64_t panel = 0; panel < columns; panel += kPanel) {
    const int64_t width = panel_width(columns, panel), kept = columns - panel < width ? columns - panel : width;
    const float* from = b + panel * depth;
    float* to = packed + panel * depth;
    const int64_t whole_j = kept / kLanes * kLanes, whole_k = depth / kLanes * kLanes;
    for (int64_t k = 0; k < whole_k; k += kLanes)
      for (int64_t j = 0; j < whole_j; j += kLanes) transpose(from + j * depth + k, depth, to + k * width + j, width);
    for (int64_t k = 0; k < depth; ++k)
      for (int64_t j = k < whole_k ? whole_j : 0; j < width; ++j) to[k * width + j] = j < kept ? from[j * depth + k] : 0;
  }
}

}  // namespace earthcraft::EC_VARIANT
