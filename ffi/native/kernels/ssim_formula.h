// Structural similarity of one pixel from its windowed moments, and the window: what the CPU's and CUDA's kernels share.  See ssim.h.
#pragma once

#include "host_device.h"
#include "ssim.h"

namespace earthcraft::EC_VARIANT {

constexpr int kReach = kSsimWindow / 2;
constexpr double kC1 = 0.01 * 0.01, kC2 = 0.03 * 0.03;

// exp(-i^2 / 4.5) normalised over i = k - 5 in -5..5
template <typename T>
EC_INLINE constexpr T window(int k) {
  constexpr T weights[kSsimWindow] = {T(0.00102838008447911), T(0.00759875813523919), T(0.03600077212843083), T(0.10936068950970002),
                                      T(0.21300553771125370), T(0.26601172486179436), T(0.21300553771125370), T(0.10936068950970002),
                                      T(0.03600077212843083), T(0.00759875813523919), T(0.00102838008447911)};
  return weights[k];
}

// From the window's means of x, y, x^2, y^2 and x y.
template <typename T>
EC_INLINE T similarity(T mx, T my, T xx, T yy, T xy) {
  const T c1 = kC1, c2 = kC2;
  const T a1 = 2 * mx * my + c1, a2 = 2 * (xy - mx * my) + c2;
  const T b1 = mx * mx + my * my + c1, b2 = (xx - mx * mx) + (yy - my * my) + c2;
  return a1 * a2 / (b1 * b2);
}

// Gradients by the means of x and y, and (times 2 x and y) by the variance and covariance, of a pixel whose similarity has the gradient g.
template <typename T>
struct MomentGrads {
  T x, y, variance, covariance;
};

template <typename T>
EC_INLINE MomentGrads<T> moment_grads(T mx, T my, T xx, T yy, T xy, T g) {
  const T c1 = kC1, c2 = kC2;
  const T a1 = 2 * mx * my + c1, a2 = 2 * (xy - mx * my) + c2;
  const T b1 = mx * mx + my * my + c1, b2 = (xx - mx * mx) + (yy - my * my) + c2;
  const T inverse = 1 / (b1 * b2), similarity = a1 * a2 * inverse;
  const T of_variance = -similarity / b2, of_covariance = 2 * a1 * inverse;
  return {g * (2 * my * a2 * inverse - 2 * mx * similarity / b1 - 2 * mx * of_variance - my * of_covariance),
          g * (2 * mx * a2 * inverse - 2 * my * similarity / b1 - 2 * my * of_variance - mx * of_covariance), g * of_variance, g * of_covariance};
}

}  // namespace earthcraft::EC_VARIANT
