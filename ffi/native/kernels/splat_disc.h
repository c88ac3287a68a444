// A splat over pixels: the ray-splat intersection of splat.h, for a vector of pixels on the CPU (V = Vec, M = IntVec) and for one on CUDA (float,
// bool).
//
// Include after the definitions of select, reciprocal and exp for V.
#pragma once

#include "host_device.h"
#include "splat.h"

namespace earthcraft::EC_VARIANT {

// The constants of the ray-splat intersection, see splat.h.
struct Disc {
  float a, b, c, d, zx, zy, z0, area;
  float centre_x, centre_y, depth, opacity;

  Disc() = default;
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

template <typename V>
EC_INLINE V each(float value) {
  return value - V{};
}

template <typename V, typename M>
struct PixelsOf {
  V dx, x, y;      // offset from the centre; X and Y of splat.h
  V inverse;       // 1 / Z, 0 where Z vanishes
  V squared;       // u^2 + v^2, or the low-pass distance where that is smaller
  M on_disc;       // the intersection decides, not the low-pass filter
  V gauss, alpha;  // alpha before its upper bound
  V depth;
  M drawn;

  EC_INLINE PixelsOf(const Disc& disc, V px, float dy, float near) {
    dx = px - each<V>(disc.centre_x);
    x = each<V>(disc.d) * dx - each<V>(disc.b * dy);
    y = each<V>(disc.a * dy) - each<V>(disc.c) * dx;
    const V z = each<V>(disc.zx) * dx + each<V>(disc.zy * dy + disc.z0);
    const V z2 = z * z;
    inverse = select(z2 > each<V>(1e-30f), reciprocal(z), each<V>(0.0f));
    const V u = x * inverse, v = y * inverse;
    const V disc_squared = select(z2 > each<V>(1e-30f), u * u + v * v, each<V>(1e30f));
    const V pixel_squared = each<V>(2.0f) * (dx * dx + each<V>(dy * dy));
    on_disc = disc_squared <= pixel_squared;
    squared = select(on_disc, disc_squared, pixel_squared);
    gauss = exp(each<V>(-0.5f) * squared);
    alpha = each<V>(disc.opacity) * gauss;
    depth = select(on_disc, each<V>(disc.area) * inverse, each<V>(disc.depth));
    drawn = (alpha >= each<V>(kSplatAlphaMin)) & (depth >= each<V>(near));
  }
};

// A pixel's depth distortion, see splat.h, front to back.  Depths are counted from the first that is drawn: squares of 500 m hold no centimetres. The
// first weighs at least 1/255, so that what cancels is at most 255 D.
template <typename V>
struct DepthSpread {
  V first, offsets, squares;  // sums of w (z - first) and w (z - first)^2

  // before: the light that is left in front of the splat, 1 only for the first that is drawn.
  EC_INLINE void add(V weight, V z, V before) {
    first = select(before >= each<V>(1.0f), z, first);
    const V offset = z - first;
    offsets += weight * offset;
    squares += weight * offset * offset;
  }
};

EC_INLINE float distortion_of(const DepthSpread<float>& spread, float opaque) {
  const float distortion = opaque * spread.squares - spread.offsets * spread.offsets;
  return distortion < 0 ? 0 : distortion;
}

// What the gradient g of a pixel's distortion asks of its splats: dD/dw = W (z - mean)^2 + S, dD/dz = 2 w W (z - mean).
template <typename V>
struct DistortionSlope {
  V mean, by_square, always;  // M1 / W, g W, g S

  EC_INLINE V of_weight(V z) const { return by_square * (z - mean) * (z - mean) + always; }
  EC_INLINE V of_depth(V weight, V z) const { return each<V>(2.0f) * weight * by_square * (z - mean); }
};

EC_INLINE DistortionSlope<float> distortion_slope(float g, float opaque, float mean, float distortion) {
  if (!(opaque > 0)) return {0, 0, 0};
  return {mean, g * opaque, g * distortion / opaque};
}

// The gradients of a splat's 13 numbers from its sums (in the order of splat_backward.cpp).
EC_INLINE void write_grads(const SplatOnScreen& s, const Disc& disc, const float* sums, float area, float depth, float* out) {
  const float inverse = 1 / s.depth;
  const float xx = sums[0], xy = sums[1], x = sums[2], yx = sums[3], yy = sums[4], y = sums[5];
  const float zx = sums[6] * inverse, zy = sums[7] * inverse, z = sums[8];
  const float of_area = z * inverse + area;
  out[0] = sums[9] - (x * s.d - y * s.c + z * disc.zx);
  out[1] = sums[10] - (y * s.a - x * s.b + z * disc.zy);
  out[2] = yy - zy * s.w1 + of_area * s.d;
  out[3] = -xy + zy * s.w0 - of_area * s.c;
  out[4] = -yx + zx * s.w1 - of_area * s.b;
  out[5] = xx - zx * s.w0 + of_area * s.a;
  out[6] = zy * s.b - zx * s.d;
  out[7] = zx * s.c - zy * s.a;
  out[8] = depth - (zx * disc.zx + zy * disc.zy + z * inverse * disc.z0);
  out[9] = sums[11];
}

}  // namespace earthcraft::EC_VARIANT
