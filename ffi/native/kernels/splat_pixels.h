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

// The constants of the ray-splat intersection, see splat.h.
struct Disc {
  float a, b, c, d, zx, zy, z0, area;
  float centre_x, centre_y, depth, opacity;

  EC_INLINE explicit Disc(const SplatOnScreen& s) {
    a = s.a, b = s.b, c = s.c, d = s.d;
    const float inverse = 1 / s.depth;
    area = a * d - b * c;
    zx = (c * s.w1 - d * s.w0) * inverse;
    zy = (b * s.w0 - a * s.w1) * inverse;
    z0 = area * inverse;
    centre_x = s.centre_x, centre_y = s.centre_y, depth = s.depth, opacity = s.opacity;
  }
};

struct Pixels {
  Vec dx, x, y;      // offset from the centre; X and Y of splat.h
  Vec inverse;       // 1 / Z, 0 where Z vanishes
  Vec squared;       // u^2 + v^2, or the low-pass distance where that is smaller
  IntVec on_disc;    // the intersection decides, not the low-pass filter
  Vec gauss, alpha;  // alpha before its upper bound
  Vec depth;
  IntVec drawn;

  EC_INLINE Pixels(const Disc& disc, Vec px, float dy, float near) {
    dx = px - splat(disc.centre_x);
    x = splat(disc.d) * dx - splat(disc.b * dy);
    y = splat(disc.a * dy) - splat(disc.c) * dx;
    const Vec z = splat(disc.zx) * dx + splat(disc.zy * dy + disc.z0);
    const Vec z2 = z * z;
    inverse = select(z2 > splat(1e-30f), reciprocal(z), splat(0.0f));
    const Vec u = x * inverse, v = y * inverse;
    const Vec disc_squared = select(z2 > splat(1e-30f), u * u + v * v, splat(1e30f));
    const Vec pixel_squared = splat(2.0f) * (dx * dx + splat(dy * dy));
    on_disc = disc_squared <= pixel_squared;
    squared = select(on_disc, disc_squared, pixel_squared);
    gauss = exp(splat(-0.5f) * squared);
    alpha = splat(disc.opacity) * gauss;
    depth = select(on_disc, splat(disc.area) * inverse, splat(disc.depth));
    drawn = (alpha >= splat(kSplatAlphaMin)) & (depth >= splat(near));
  }
};

}  // namespace earthcraft::EC_VARIANT
