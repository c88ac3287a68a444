// Splats, and their picture in double: every pixel's ray against the plane of every splat, by Cramer's rule.
#pragma once

#include <algorithm>

#include "kernel_test.h"
#include "kernels/splat.h"

namespace earthcraft::test {

// A splat's numbers in a row: mean 3, quaternion 4, scales 3, opacity, channels.
struct SplatScene {
  int64_t count = 0;
  int channels = 3, width = 0, height = 0;
  double near = 0.2, far = 100;
  Doubles means, quats, scales, opacities, colors, background;
  SplatCamera camera = {};
};

struct SplatPicture {
  Doubles color, alpha, depth, median, normal, distortion;  // planes
  Doubles doubt;                                            // how much may be missing or too much, because a splat stands at a cut-off
};

struct SplatFrame {
  double centre[3], tangent[2][3], normal[3], normal_world[3];
};

inline SplatFrame splat_frame(const SplatScene& s, size_t i) {
  double q[4], length = 0, column[3][3];
  for (size_t k = 0; k < 4; ++k) q[k] = s.quats[4 * i + k], length += q[k] * q[k];
  for (double& value : q) value /= std::sqrt(length);
  // Column k is the unit vector k turned: v + 2 w (u × v) + 2 u × (u × v).
  for (int k = 0; k < 3; ++k) {
    double v[3] = {}, once[3], twice[3];
    v[k] = 1;
    const double* u = q + 1;
    const auto cross = [](const double* a, const double* b, double* out) {
      for (int axis = 0; axis < 3; ++axis) out[axis] = a[(axis + 1) % 3] * b[(axis + 2) % 3] - a[(axis + 2) % 3] * b[(axis + 1) % 3];
    };
    cross(u, v, once);
    cross(u, once, twice);
    for (int axis = 0; axis < 3; ++axis) column[k][axis] = v[axis] + 2 * q[0] * once[axis] + 2 * twice[axis];
  }
  SplatFrame frame = {};
  double away = 0;
  for (int row = 0; row < 3; ++row) {
    const float* r = s.camera.rotation + 3 * row;
    frame.centre[row] = s.camera.translation[row];
    for (size_t axis = 0; axis < 3; ++axis) {
      frame.centre[row] += r[axis] * s.means[3 * i + axis];
      for (size_t k = 0; k < 2; ++k) frame.tangent[k][row] += r[axis] * s.scales[3 * i + k] * column[k][axis];
      frame.normal[row] += r[axis] * column[2][axis];
    }
    away += frame.normal[row] * frame.centre[row];
  }
  for (int axis = 0; axis < 3; ++axis) frame.normal_world[axis] = away > 0 ? -column[2][axis] : column[2][axis];
  return frame;
}

inline double determinant(const double* a, const double* b, const double* c) {
  return a[0] * (b[1] * c[2] - b[2] * c[1]) + a[1] * (b[2] * c[0] - b[0] * c[2]) + a[2] * (b[0] * c[1] - b[1] * c[0]);
}

inline SplatPicture picture(const SplatScene& s) {
  const SplatCamera& c = s.camera;
  const auto plane = static_cast<size_t>(s.width * s.height), channels = static_cast<size_t>(s.channels);
  SplatPicture out = {Doubles(plane * channels), Doubles(plane), Doubles(plane), Doubles(plane), Doubles(3 * plane), Doubles(plane), Doubles(plane)};
  std::vector<std::pair<double, size_t>> order;
  std::vector<SplatFrame> frames;
  for (size_t i = 0; i < static_cast<size_t>(s.count); ++i) {
    frames.push_back(splat_frame(s, i));
    const double z = frames[i].centre[2];
    if (z >= s.near && z <= s.far) order.emplace_back(z, i);
  }
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (size_t pixel = 0; pixel < plane; ++pixel) {
    const double px = static_cast<double>(pixel % static_cast<size_t>(s.width)) + 0.5,
                 py = static_cast<double>(pixel / static_cast<size_t>(s.width)) + 0.5;
    const double minus_ray[3] = {-(px - c.cx) / c.fx, -(py - c.cy) / c.fy, -1};
    double left = 1, depth_sum = 0;
    std::vector<std::pair<double, double>> drawn;  // weight and depth
    for (const auto& [z, i] : order) {
      const SplatFrame& f = frames[i];
      const double minus_centre[3] = {-f.centre[0], -f.centre[1], -f.centre[2]};
      const double all = determinant(f.tangent[0], f.tangent[1], minus_ray);
      const double u = determinant(minus_centre, f.tangent[1], minus_ray) / all, v = determinant(f.tangent[0], minus_centre, minus_ray) / all;
      const double x = px - (c.fx * f.centre[0] / z + c.cx), y = py - (c.fy * f.centre[1] / z + c.cy);
      const double on_disc = u * u + v * v, on_pixel = 2 * (x * x + y * y);
      const bool disc = on_disc <= on_pixel;
      const double alpha = std::min(0.999, s.opacities[i] * std::exp(-(disc ? on_disc : on_pixel) / 2));
      const double depth = disc ? determinant(f.tangent[0], f.tangent[1], minus_centre) / all : z;
      if (std::abs(alpha * 255 - 1) < 1e-3 || (alpha * 255 > 1 && std::abs(depth - s.near) < 1e-4)) out.doubt[pixel] += left * alpha;
      if (!(alpha >= 1.0 / 255) || !(depth >= s.near)) continue;
      if (std::abs(left * (1 - alpha) / 1e-4 - 1) < 1e-2) out.doubt[pixel] += left;
      if (left * (1 - alpha) <= 1e-4) break;
      const double weight = left * alpha;
      for (size_t ch = 0; ch < channels; ++ch) out.color[ch * plane + pixel] += weight * s.colors[channels * i + ch];
      for (size_t k = 0; k < 3; ++k) out.normal[k * plane + pixel] += weight * f.normal_world[k];
      depth_sum += weight * depth;
      for (const auto& [other, its_depth] : drawn) out.distortion[pixel] += weight * other * (depth - its_depth) * (depth - its_depth);
      drawn.emplace_back(weight, depth);
      if (left > 0.5) out.median[pixel] = depth;
      if (std::abs(left - 0.5) < 1e-4) out.doubt[pixel] += 1;  // which splat is the median one
      left *= 1 - alpha;
    }
    for (size_t ch = 0; ch < channels && !s.background.empty(); ++ch) out.color[ch * plane + pixel] += left * s.background[ch];
    out.alpha[pixel] = 1 - left;
    out.depth[pixel] = left < 1 ? depth_sum / (1 - left) : 0;
  }
  return out;
}

// A hundred splats before a turned camera, as f32 holds them. Those that `odd` changes are near, behind, edge on, tiny, huge, or seen through.
inline SplatScene splat_scene(int channels, int width, int height, int64_t count = 100) {
  SplatScene s;
  s.count = count, s.channels = channels, s.width = width, s.height = height;
  const double length = std::sqrt(1 + 0.04 + 0.01 + 0.09), w = 1 / length, x = 0.2 / length, y = -0.1 / length, z = 0.3 / length;
  const double rows[9] = {1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y), 2 * (x * y + w * z),    1 - 2 * (x * x + z * z),
                          2 * (y * z - w * x),     2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)};
  for (int i = 0; i < 9; ++i) s.camera.rotation[i] = static_cast<float>(rows[i]);
  s.camera.translation[0] = 0.5f, s.camera.translation[1] = -0.25f, s.camera.translation[2] = 1.5f;
  s.camera.fx = static_cast<float>(width), s.camera.fy = 0.9f * static_cast<float>(width);
  s.camera.cx = 0.5f * static_cast<float>(width) + 0.7f, s.camera.cy = 0.5f * static_cast<float>(height) - 0.3f;
  const Floats v = drawn(count * 12, 6), color = drawn(count * channels, 7), behind = drawn(channels, 8);
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    const float* r = v.data() + 12 * i;
    const double depth = 5 + 3 * r[0], seen[3] = {depth * 0.6 * r[1] - 0.5, depth * 0.5 * r[2] + 0.25, depth - 1.5};
    for (size_t axis = 0; axis < 3; ++axis)
      s.means.push_back(static_cast<float>(rows[axis] * seen[0] + rows[3 + axis] * seen[1] + rows[6 + axis] * seen[2]));
    for (size_t k = 0; k < 4; ++k) s.quats.push_back(2 * r[3 + k]);
    for (size_t k = 0; k < 3; ++k) s.scales.push_back(std::exp(-1.5f + r[7 + k]));
    s.opacities.push_back(static_cast<float>(0.5 + 0.45 * r[10]));
  }
  s.colors = widened(color);
  s.background = widened(behind);
  return s;
}

}  // namespace earthcraft::test
