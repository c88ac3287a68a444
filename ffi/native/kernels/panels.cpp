#include "panels.h"

#include "simd.h"

namespace earthcraft::EC_VARIANT {

void pack_panels(const float* b, int64_t stride, int64_t depth, int64_t columns, float* packed) {
  for (int64_t strip = 0; strip < padded_columns(columns); strip += kStrip) {
    const int64_t width = strip_width(padded_columns(columns), strip), kept = least(columns - strip, width);
    const float* from = b + strip;
    float* to = packed + strip * depth;
    for (int64_t k = 0; k < depth; ++k, from += stride, to += width) {
      int64_t j = 0;
      for (; j + kLanes <= kept; j += kLanes) store(to + j, load(from + j));
      for (; j < width; ++j) to[j] = j < kept ? from[j] : 0;
    }
  }
}

void pack_panels_swapped(const float* b, int64_t depth, int64_t columns, float* packed) {
  for (int64_t strip = 0; strip < padded_columns(columns); strip += kStrip) {
    const int64_t width = strip_width(padded_columns(columns), strip), kept = least(columns - strip, width);
    const float* from = b + strip * depth;
    float* to = packed + strip * depth;
    const int64_t whole_j = kept < 0 ? 0 : kept / kLanes * kLanes, whole_k = depth / kLanes * kLanes;
    for (int64_t k = 0; k < whole_k; k += kLanes)
      for (int64_t j = 0; j < whole_j; j += kLanes) transpose(from + j * depth + k, depth, to + k * width + j, width);
    for (int64_t k = 0; k < depth; ++k)
      for (int64_t j = k < whole_k ? whole_j : 0; j < width; ++j) to[k * width + j] = j < kept ? from[j * depth + k] : 0;
  }
}

}  // namespace earthcraft::EC_VARIANT
