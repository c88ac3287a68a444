// Going over a row of any length by vectors.
#pragma once

#include "simd.h"

namespace earthcraft::EC_VARIANT {

// The first `count` lanes, the others 0.
EC_INLINE Vec load_some(const float* from, int64_t count) {
  float lanes[kLanes] = {};
  for (int64_t i = 0; i < count; ++i) lanes[i] = from[i];
  return load(lanes);
}
EC_INLINE void store_some(float* to, Vec value, int64_t count) {
  float lanes[kLanes];
  store(lanes, value);
  for (int64_t i = 0; i < count; ++i) to[i] = lanes[i];
}

// body(offset, lanes to touch) over a row
template <typename Body>
EC_INLINE void each_vector(int64_t count, Body&& body) {
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) body(i, static_cast<int64_t>(kLanes));
  if (i < count) body(i, count - i);
}
EC_INLINE Vec load_up_to(const float* from, int64_t count) { return count == kLanes ? load(from) : load_some(from, count); }
EC_INLINE void store_up_to(float* to, Vec value, int64_t count) {
  if (count == kLanes)
    store(to, value);
  else
    store_some(to, value, count);
}

}  // namespace earthcraft::EC_VARIANT
