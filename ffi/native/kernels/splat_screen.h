// A splat as one camera sees it, and its gradients back: what the CPU's and CUDA's kernels share.
#pragma once

#include <cfloat>

#include "splat.h"
#include "splat_projection.h"

namespace earthcraft::EC_VARIANT {

EC_INLINE PinholeCamera<float> pinhole(const SplatCamera& from) {
  PinholeCamera<float> camera;
  for (int i = 0; i < 9; ++i) camera.rotation[i] = from.rotation[i];
  for (int i = 0; i < 3; ++i) camera.translation[i] = from.translation[i];
  camera.fx = from.fx, camera.fy = from.fy, camera.cx = from.cx, camera.cy = from.cy;
  return camera;
}

// Pixels of a line whose centres lie in [low, high]; false if none does (or a bound is NaN).
EC_INLINE bool pixel_range(float low, float high, int size, int16_t* first, int16_t* last) {
  const float from = __builtin_ceilf(low - 0.5f), to = __builtin_floorf(high - 0.5f);
  if (!(from <= to && to >= 0 && from < size)) return false;
  *first = from > 0 ? static_cast<int16_t>(from) : 0;
  *last = to < size - 1 ? static_cast<int16_t>(to) : static_cast<int16_t>(size - 1);
  return true;
}

// The pixels where alpha reaches 1/255: the image of the disc u^2 + v^2 <= r^2, or the low-pass circle, where r^2 = 2 ln(255 opacity).
EC_INLINE bool bound(const SplatProjection& job, SplatOnScreen& s) {
  if (!(s.opacity >= kSplatAlphaMin)) return false;
  const float r2 = 2 * __builtin_logf(255 * s.opacity) + 1e-3f;
  const float slack = 0.02f;  // pixels, for rounding
  const float circle = __builtin_sqrtf(r2 * 0.5f);
  float low_x = -circle, high_x = circle, low_y = -circle, high_y = circle;
  const float plane = s.depth * s.depth - r2 * (s.w0 * s.w0 + s.w1 * s.w1);
  if (plane > 1e-6f * s.depth * s.depth) {
    const float shift_x = -r2 * (s.a * s.w0 + s.b * s.w1) / plane, shift_y = -r2 * (s.c * s.w0 + s.d * s.w1) / plane;
    const float half_x = __builtin_sqrtf(shift_x * shift_x + r2 * (s.a * s.a + s.b * s.b) / plane);
    const float half_y = __builtin_sqrtf(shift_y * shift_y + r2 * (s.c * s.c + s.d * s.d) / plane);
    low_x = shift_x - half_x < low_x ? shift_x - half_x : low_x;
    high_x = shift_x + half_x > high_x ? shift_x + half_x : high_x;
    low_y = shift_y - half_y < low_y ? shift_y - half_y : low_y;
    high_y = shift_y + half_y > high_y ? shift_y + half_y : high_y;
  } else {  // the disc reaches the camera's own plane, where its image has no end
    low_x = low_y = -1e9f;
    high_x = high_y = 1e9f;
  }
  return pixel_range(s.centre_x + low_x - slack, s.centre_x + high_x + slack, job.width, &s.x0, &s.x1) &&
         pixel_range(s.centre_y + low_y - slack, s.centre_y + high_y + slack, job.height, &s.y0, &s.y1);
}

// Splat job.first + i on the screen of the job's camera; x1 < x0 where it is not seen, or its quaternion has no length, or none that floats hold.
EC_INLINE SplatOnScreen on_screen(const SplatProjection& job, const PinholeCamera<float>& camera, int64_t i) {
  const SplatShapes& shapes = job.shapes;
  const int64_t splat = job.first + i;
  SplatOnScreen out{};
  out.x1 = -1;
  const Frame<float> frame(shapes.means + 3 * splat, shapes.quats + 4 * splat, shapes.scales + shapes.scale_width * splat, camera);
  if (!(frame.length > 0 && frame.length <= FLT_MAX && frame.centre[2] >= job.near && frame.centre[2] <= job.far)) return out;
  const ProjectedDisc<float> disc = frame.project(camera);
  out.centre_x = disc.centre[0], out.centre_y = disc.centre[1];
  out.a = disc.a, out.b = disc.b, out.c = disc.c, out.d = disc.d, out.w0 = disc.w0, out.w1 = disc.w1;
  out.depth = disc.depth;
  out.opacity = shapes.opacities[splat];
  for (int k = 0; k < 3; ++k) out.normal[k] = disc.normal[k];
  if (!bound(job, out)) {
    out.x0 = 0;
    out.x1 = -1;
  }
  return out;
}

// Adds the gradients of one splat's mean [3], quaternion [4], two scales and opacity to what the pointers of `out` name; `grads` are its kSplatGrads.
EC_INLINE void project_backward(const SplatProjection& job, const PinholeCamera<float>& camera, int64_t splat, const float* grads,
                                const SplatShapeGrads& out) {
  const SplatShapes& shapes = job.shapes;
  const float* scale = shapes.scales + shapes.scale_width * splat;
  const Frame<float> frame(shapes.means + 3 * splat, shapes.quats + 4 * splat, scale, camera);
  DiscGrads<float> g;
  g.centre[0] = grads[0], g.centre[1] = grads[1];
  g.a = grads[2], g.b = grads[3], g.c = grads[4], g.d = grads[5], g.w0 = grads[6], g.w1 = grads[7], g.depth = grads[8];
  for (int k = 0; k < 3; ++k) g.normal[k] = grads[10 + k];
  frame.backward(scale, camera, g, out.means, out.quats, out.scales);
  *out.opacities += grads[9];
}

}  // namespace earthcraft::EC_VARIANT
