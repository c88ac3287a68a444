// A row of a tile under one splat: what its forward and backward pass share.
#pragma once

#include "simd.h"
#include "splat.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace earthcraft::EC_VARIANT {

constexpr int kTilePixels = kSplatTile * kSplatTile;
constexpr int kColumns = kSplatTile / kLanes;  // vectors in a row

EC_INLINE bool any(IntVec mask) {
#if defined(__AVX512F__)
  return _mm512_test_epi32_mask((__m512i)mask, (__m512i)mask) != 0;
#elif defined(__AVX2__)
  return _mm256_movemask_ps((__m256)mask) != 0;
#elif defined(__x86_64__)
  return _mm_movemask_ps((__m128)mask) != 0;
#else
  int32_t all = 0;
  for (int lane = 0; lane < kLanes; ++lane) all |= mask[lane];
  return all != 0;
#endif
}

// 1 / x to 2 ulp: division of a whole vector takes as long as the rest of a row's arithmetic.
EC_INLINE Vec reciprocal(Vec x) {
#if defined(__AVX512F__)
  const Vec guess = (Vec)_mm512_maskz_rcp14_ps(0xffff, (__m512)x);
  return guess + guess * (splat(1.0f) - x * guess);
#else
  return splat(1.0f) / x;
#endif
}

EC_INLINE IntVec load_int(const int32_t* from) { return *reinterpret_cast<const IntVec*>(from); }
EC_INLINE void store_int(int32_t* to, IntVec value) { *reinterpret_cast<IntVec*>(to) = value; }
EC_INLINE Vec lanes_float() { return __builtin_convertvector(lane_index(), Vec); }

// Splats of a tile lie anywhere in memory: fetches the one whose turn comes in a while.
EC_INLINE void fetch_ahead(const SplatTile& tile, int64_t entry) {
  if (entry < 0 || entry >= tile.entry_count) return;
  __builtin_prefetch(tile.splats + tile.entries[entry]);
  __builtin_prefetch(tile.channels + static_cast<int64_t>(tile.entries[entry]) * tile.channel_count);
}
constexpr int kAhead = 6;

}  // namespace earthcraft::EC_VARIANT

#include "splat_disc.h"

namespace earthcraft::EC_VARIANT {

using Pixels = PixelsOf<Vec, IntVec>;

}  // namespace earthcraft::EC_VARIANT
