// What a pixel's view of its face is worth: the arithmetic of score_aggregate, which the CPU and CUDA share.  In double; compile without fused
// multiply-add.
#pragma once

#include <cmath>
#include <cstdint>

#include "camera.h"
#include "host_device.h"

namespace earthcraft {

struct ScoredMesh {
  const float* vertices;
  const int32_t* faces;
  int64_t vertex_count, face_count;
};

EC_HOST_DEVICE inline void unit_normal(const ScoredMesh& mesh, int64_t face, double out[3]) {
  const float* corner[3];
  for (int i = 0; i < 3; ++i) corner[i] = mesh.vertices + 3 * static_cast<int64_t>(mesh.faces[3 * face + i]);
  double p[3], q[3];
  for (int axis = 0; axis < 3; ++axis) {
    p[axis] = static_cast<double>(corner[1][axis]) - corner[0][axis];
    q[axis] = static_cast<double>(corner[2][axis]) - corner[0][axis];
  }
  out[0] = p[1] * q[2] - p[2] * q[1];
  out[1] = p[2] * q[0] - p[0] * q[2];
  out[2] = p[0] * q[1] - p[1] * q[0];
  const double length = std::sqrt(out[0] * out[0] + out[1] * out[1] + out[2] * out[2]);
  for (int axis = 0; axis < 3; ++axis) out[axis] = length > 0 ? out[axis] / length : 0;
}

EC_HOST_DEVICE inline double power(double base, double exponent) { return exponent == 3 ? base * base * base : std::pow(base, exponent); }

struct Score {
  double far_m, exponent_view, exponent_depth;

  // The ray's own direction is the view direction: along it the camera sees the pixel.
  EC_HOST_DEVICE float operator()(const Camera& camera, double px, double py, const double normal[3], float depth) const {
    double origin[3], direction[3];
    camera.ray(px, py, origin, direction);
    const double length = std::sqrt(direction[0] * direction[0] + direction[1] * direction[1] + direction[2] * direction[2]);
    const double cosine = std::abs(direction[0] * normal[0] + direction[1] * normal[1] + direction[2] * normal[2]) / length;
    const double near_share = std::fmin(1.0, std::fmax(0.0, 1 - depth / far_m));
    return static_cast<float>(power(cosine, exponent_view) * power(near_share, exponent_depth));
  }
};

}  // namespace earthcraft
