// From a splat's parameters to its image and back, in one camera; templated, so that the reference can run it in double.
//
// Included by every variant, by CUDA and by the reference, each into its own namespace: the linker must not merge copies made for different
// processors.
#pragma once

#include <cstdint>

#include "host_device.h"

namespace earthcraft::EC_VARIANT {

template <typename T>
struct ProjectedDisc {
  T centre[2], a, b, c, d, w0, w1, depth, normal[3];
};

template <typename T>
struct DiscGrads {
  T centre[2], a, b, c, d, w0, w1, depth, normal[3];
};

template <typename T>
struct PinholeCamera {
  T rotation[9], translation[3], fx, fy, cx, cy;
};

template <typename T>
EC_INLINE T square_root(T value) {
  if constexpr (sizeof(T) == 4)
    return __builtin_sqrtf(value);
  else
    return __builtin_sqrt(value);
}

// Columns of the rotation of a unit quaternion (w, x, y, z): column[axis][row].
template <typename T>
EC_INLINE void rotation_columns(const T (&q)[4], T (&column)[3][3]) {
  const T w = q[0], x = q[1], y = q[2], z = q[3];
  column[0][0] = 1 - 2 * (y * y + z * z), column[0][1] = 2 * (x * y + w * z), column[0][2] = 2 * (x * z - w * y);
  column[1][0] = 2 * (x * y - w * z), column[1][1] = 1 - 2 * (x * x + z * z), column[1][2] = 2 * (y * z + w * x);
  column[2][0] = 2 * (x * z + w * y), column[2][1] = 2 * (y * z - w * x), column[2][2] = 1 - 2 * (x * x + y * y);
}

// A splat's own frame, in camera axes.
template <typename T>
struct Frame {
  T unit[4], length;  // the quaternion, normalised
  T column[3][3];     // world axes
  T centre[3];        // camera axes
  T tangent[2][3];    // camera axes, scaled
  T facing;           // +1 or -1: the normal turned towards the camera

  template <typename In>
  EC_INLINE Frame(const In* mean, const In* quat, const In* scale, const PinholeCamera<T>& camera) {
    length = square_root<T>(T(quat[0]) * quat[0] + T(quat[1]) * quat[1] + T(quat[2]) * quat[2] + T(quat[3]) * quat[3]);
    for (int i = 0; i < 4; ++i) unit[i] = quat[i] / length;
    rotation_columns(unit, column);
    T away = 0;
    for (int row = 0; row < 3; ++row) {
      const T* r = camera.rotation + 3 * row;
      centre[row] = r[0] * mean[0] + r[1] * mean[1] + r[2] * mean[2] + camera.translation[row];
      for (int k = 0; k < 2; ++k) tangent[k][row] = scale[k] * (r[0] * column[k][0] + r[1] * column[k][1] + r[2] * column[k][2]);
      away += centre[row] * (r[0] * column[2][0] + r[1] * column[2][1] + r[2] * column[2][2]);
    }
    facing = away > 0 ? T(-1) : T(1);
  }

  EC_INLINE ProjectedDisc<T> project(const PinholeCamera<T>& camera) const {
    const T x = centre[0] / centre[2], y = centre[1] / centre[2];
    ProjectedDisc<T> disc;
    disc.centre[0] = camera.fx * x + camera.cx;
    disc.centre[1] = camera.fy * y + camera.cy;
    disc.a = camera.fx * (tangent[0][0] - tangent[0][2] * x);
    disc.b = camera.fx * (tangent[1][0] - tangent[1][2] * x);
    disc.c = camera.fy * (tangent[0][1] - tangent[0][2] * y);
    disc.d = camera.fy * (tangent[1][1] - tangent[1][2] * y);
    disc.w0 = tangent[0][2];
    disc.w1 = tangent[1][2];
    disc.depth = centre[2];
    for (int i = 0; i < 3; ++i) disc.normal[i] = facing * column[2][i];
    return disc;
  }

  // Adds the gradients of mean, quaternion and the two scales.
  template <typename In, typename Out>
  EC_INLINE void backward(const In* scale, const PinholeCamera<T>& camera, const DiscGrads<T>& g, Out* mean_grad, Out* quat_grad,
                          Out* scale_grad) const {
    const T x = centre[0] / centre[2], y = centre[1] / centre[2];
    const T tangent_grad[2][3] = {{camera.fx * g.a, camera.fy * g.c, g.w0 - camera.fx * x * g.a - camera.fy * y * g.c},
                                  {camera.fx * g.b, camera.fy * g.d, g.w1 - camera.fx * x * g.b - camera.fy * y * g.d}};
    const T gx = camera.fx * (g.centre[0] - tangent[0][2] * g.a - tangent[1][2] * g.b);
    const T gy = camera.fy * (g.centre[1] - tangent[0][2] * g.c - tangent[1][2] * g.d);
    const T centre_grad[3] = {gx / centre[2], gy / centre[2], g.depth - (gx * x + gy * y) / centre[2]};
    T column_grad[3][3];
    for (int axis = 0; axis < 3; ++axis) {
      const T r[3] = {camera.rotation[axis], camera.rotation[3 + axis], camera.rotation[6 + axis]};
      mean_grad[axis] += r[0] * centre_grad[0] + r[1] * centre_grad[1] + r[2] * centre_grad[2];
      for (int k = 0; k < 2; ++k) {
        const T along = r[0] * tangent_grad[k][0] + r[1] * tangent_grad[k][1] + r[2] * tangent_grad[k][2];
        scale_grad[k] += along * column[k][axis];
        column_grad[k][axis] = scale[k] * along;
      }
      column_grad[2][axis] = facing * g.normal[axis];
    }
    const T w = unit[0], qx = unit[1], qy = unit[2], qz = unit[3];
    const T(&c)[3][3] = column_grad;
    const T unit_grad[4] = {
        2 * (qz * c[0][1] - qy * c[0][2] - qz * c[1][0] + qx * c[1][2] + qy * c[2][0] - qx * c[2][1]),
        2 * (qy * c[0][1] + qz * c[0][2] + qy * c[1][0] - 2 * qx * c[1][1] + w * c[1][2] + qz * c[2][0] - w * c[2][1] - 2 * qx * c[2][2]),
        2 * (-2 * qy * c[0][0] + qx * c[0][1] - w * c[0][2] + qx * c[1][0] + qz * c[1][2] + w * c[2][0] + qz * c[2][1] - 2 * qy * c[2][2]),
        2 * (-2 * qz * c[0][0] + w * c[0][1] + qx * c[0][2] - w * c[1][0] - 2 * qz * c[1][1] + qy * c[1][2] + qx * c[2][0] + qy * c[2][1])};
    const T along = w * unit_grad[0] + qx * unit_grad[1] + qy * unit_grad[2] + qz * unit_grad[3];
    for (int i = 0; i < 4; ++i) quat_grad[i] += (unit_grad[i] - along * unit[i]) / length;
  }
};

}  // namespace earthcraft::EC_VARIANT
