// Structural similarity (Wang et al. 2004) of one plane: 11 x 11 Gaussian window of sigma 1.5, zero padding, C1 = 0.01^2, C2 = 0.03^2 for values in
// [0, 1].  The window is separable; with zero padding it is its own transpose, so that the gradient is four more convolutions.
#pragma once

#include <cstdint>

#include "dispatch.h"

namespace earthcraft {

constexpr int kSsimWindow = 11;

// Floats of scratch that one plane needs.
inline int64_t ssim_scratch(int64_t height, int64_t width) { return 6 * height * width + width + 2 * kSsimWindow; }

template <typename T>
struct SsimPlane {
  const T *x, *y;
  int64_t height, width;
  const T* grad;  // of the map; backward only
  T* map;         // forward only
  T *x_grad, *y_grad;
  T* scratch;
};

EC_DECLARE_VARIANTS(void ssim_forward_f32(const SsimPlane<float>& plane); void ssim_forward_f64(const SsimPlane<double>& plane);
                    void ssim_backward_f32(const SsimPlane<float>& plane); void ssim_backward_f64(const SsimPlane<double>& plane);)

}  // namespace earthcraft
