// The colour of one splat from one direction, see ops/splat_sh.cpp.
#pragma once

#include <cmath>
#include <cstdint>

#include "host_device.h"

namespace earthcraft {

constexpr double kC0 = 0.28209479177387814, kC1 = 0.4886025119029199;

template <typename T>
struct Direction {
  T unit[3], distance;
  EC_HOST_DEVICE Direction(const T* mean, const double* centre) {
    const T d[3] = {mean[0] - static_cast<T>(centre[0]), mean[1] - static_cast<T>(centre[1]), mean[2] - static_cast<T>(centre[2])};
    distance = std::sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
    for (int i = 0; i < 3; ++i) unit[i] = distance > 0 ? d[i] / distance : 0;
  }
};

// Before its bound at 0; h [k, 3], k = 1 or 4.
template <typename T>
EC_HOST_DEVICE T shade(const T* h, int64_t k, const Direction<T>& d, int channel) {
  T value = T(0.5) + T(kC0) * h[channel];
  if (k == 4) value += T(kC1) * (d.unit[2] * h[6 + channel] - d.unit[1] * h[3 + channel] - d.unit[0] * h[9 + channel]);
  return value;
}

// Adds the gradients of h and of the mean, from those g [3] of the colour.
template <typename T>
EC_HOST_DEVICE void add_shade_grads(const T* h, int64_t k, const Direction<T>& d, const T* g, T* of_h, T* of_mean) {
  T of_unit[3] = {0, 0, 0};
  for (int c = 0; c < 3; ++c) {
    if (!(shade(h, k, d, c) > 0)) continue;
    of_h[c] += T(kC0) * g[c];
    if (k == 1) continue;
    of_h[3 + c] -= T(kC1) * d.unit[1] * g[c];
    of_h[6 + c] += T(kC1) * d.unit[2] * g[c];
    of_h[9 + c] -= T(kC1) * d.unit[0] * g[c];
    of_unit[0] -= T(kC1) * h[9 + c] * g[c];
    of_unit[1] -= T(kC1) * h[3 + c] * g[c];
    of_unit[2] += T(kC1) * h[6 + c] * g[c];
  }
  if (k == 1 || !(d.distance > 0)) return;
  const T along = of_unit[0] * d.unit[0] + of_unit[1] * d.unit[1] + of_unit[2] * d.unit[2];
  for (int axis = 0; axis < 3; ++axis) of_mean[axis] += (of_unit[axis] - along * d.unit[axis]) / d.distance;
}

}  // namespace earthcraft
