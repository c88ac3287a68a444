// One ray against every face (Moller and Trumbore, J. Graphics Tools 2, 1997): the plain reference of the mesh rasteriser.
#pragma once

#include <cstdint>
#include <limits>

namespace earthcraft {

template <typename T>
struct RayHit {
  int32_t face = -1;
  T depth = 0;
  T barycentrics[3] = {0, 0, 0};
};

// The nearest hit with parameter at least `near`; `direction` is scaled so that the parameter is z-depth.
template <typename T>
RayHit<T> nearest_face(const T origin[3], const T direction[3], T near, const float* vertices, const int32_t* faces, int64_t face_count) {
  RayHit<T> best;
  best.depth = std::numeric_limits<T>::infinity();
  for (int64_t f = 0; f < face_count; ++f) {
    const float *a = vertices + 3 * static_cast<int64_t>(faces[3 * f]), *b = vertices + 3 * static_cast<int64_t>(faces[3 * f + 1]),
                *c = vertices + 3 * static_cast<int64_t>(faces[3 * f + 2]);
    T e1[3], e2[3], s[3];
    for (int i = 0; i < 3; ++i) {
      e1[i] = T(b[i]) - T(a[i]);
      e2[i] = T(c[i]) - T(a[i]);
      s[i] = origin[i] - T(a[i]);
    }
    const T h[3] = {direction[1] * e2[2] - direction[2] * e2[1], direction[2] * e2[0] - direction[0] * e2[2],
                    direction[0] * e2[1] - direction[1] * e2[0]};
    const T det = e1[0] * h[0] + e1[1] * h[1] + e1[2] * h[2];
    if (det == 0) continue;
    const T u = (s[0] * h[0] + s[1] * h[1] + s[2] * h[2]) / det;
    const T q[3] = {s[1] * e1[2] - s[2] * e1[1], s[2] * e1[0] - s[0] * e1[2], s[0] * e1[1] - s[1] * e1[0]};
    const T v = (direction[0] * q[0] + direction[1] * q[1] + direction[2] * q[2]) / det;
    const T depth = (e2[0] * q[0] + e2[1] * q[1] + e2[2] * q[2]) / det;
    if (!(u >= 0 && v >= 0 && u + v <= 1 && depth >= near && depth < best.depth)) continue;
    best.face = f;
    best.depth = depth;
    best.barycentrics[0] = 1 - u - v;
    best.barycentrics[1] = u;
    best.barycentrics[2] = v;
  }
  if (best.face < 0) best.depth = 0;
  return best;
}

}  // namespace earthcraft
