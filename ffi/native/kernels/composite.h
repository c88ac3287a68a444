// Emission and absorption along one ray (Mildenhall et al., "NeRF", 2020, equation 3): the arithmetic that every device shares. Compile without fused
// multiply-add: both directions find the same end of light.
#pragma once

#include <cmath>
#include <cstdint>

#include "host_device.h"

namespace earthcraft {

// The samples of a ray, near to far; colours have `channels` rows, `stride` apart.
template <typename T>
struct RaySamples {
  const T *densities, *colors, *lengths, *distances;
  int64_t count, stride, channels;
};

// Writes weights and sums. Light ends with the sample after which less than `least` of it is left: samples beyond have weight 0.
template <typename T>
EC_HOST_DEVICE inline void composite_ray(const RaySamples<T>& ray, T least, T* weights, T* color, T* opacity, T* depth) {
  for (int64_t c = 0; c < ray.channels; ++c) color[c] = 0;
  T light = 1, through = 0, total = 0;
  int64_t i = 0;
  for (; i < ray.count; ++i) {
    const T weight = light * -std::expm1(-ray.densities[i] * ray.lengths[i]);
    weights[i] = weight;
    for (int64_t c = 0; c < ray.channels; ++c) color[c] += weight * ray.colors[c * ray.stride + i];
    total += weight;
    through += weight * ray.distances[i];
    light -= weight;
    if (light < least) {
      ++i;
      break;
    }
  }
  for (; i < ray.count; ++i) weights[i] = 0;
  *opacity = total;
  *depth = through;
}

// What the losses say of the outputs of a ray; weights may be null.
template <typename T>
struct RayGrads {
  const T *color, *opacity, *depth, *weights;
};

// From the last sample that has light to the first: what lies behind a sample is what its density takes away.
template <typename T>
EC_HOST_DEVICE inline void composite_ray_backward(const RaySamples<T>& ray, T least, const T* weights, const RayGrads<T>& grads, T* densities_grad,
                                                  T* colors_grad) {
  T light = 1;
  int64_t lit = 0;
  while (lit < ray.count) {
    light -= weights[lit++];
    if (light < least) break;
  }
  for (int64_t i = lit; i < ray.count; ++i) {
    densities_grad[i] = 0;
    for (int64_t c = 0; c < ray.channels; ++c) colors_grad[c * ray.stride + i] = 0;
  }
  T behind = 0;
  for (int64_t i = lit - 1; i >= 0; --i) {
    T slope = *grads.opacity + *grads.depth * ray.distances[i];
    if (grads.weights != nullptr) slope += grads.weights[i];
    for (int64_t c = 0; c < ray.channels; ++c) {
      slope += grads.color[c] * ray.colors[c * ray.stride + i];
      colors_grad[c * ray.stride + i] = weights[i] * grads.color[c];
    }
    densities_grad[i] = ray.lengths[i] * (light * slope - behind);
    behind += weights[i] * slope;
    light += weights[i];
  }
}

}  // namespace earthcraft
