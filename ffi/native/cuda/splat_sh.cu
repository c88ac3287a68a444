#include "grid.cuh"
#include "kernels/splat_sh.h"
#include "splat_sh.h"

namespace earthcraft::gpu {
namespace {

template <int K, typename T>
__global__ void shade_splats(const ShView* views, int64_t view_count, const T* means, const T* sh, int64_t count, T* colors) {
  const int64_t i = thread_number();
  if (i >= count) return;
  T h[3 * K], mean[3];
  for (int k = 0; k < 3 * K; ++k) h[k] = sh[3 * K * i + k];
  for (int axis = 0; axis < 3; ++axis) mean[axis] = means[3 * i + axis];
  for (int64_t v = 0; v < view_count; ++v) {
    T* to = colors + (v * count + i) * 3;
    if (i < views[v].first || i >= views[v].end) {
      to[0] = to[1] = to[2] = 0;
      continue;
    }
    const Direction<T> d(mean, views[v].centre);
    for (int c = 0; c < 3; ++c) {
      const T value = shade(h, K, d, c);
      to[c] = value > 0 ? value : T(0);
    }
  }
}

template <int K, typename T>
__global__ void shade_backward(const ShView* views, int64_t view_count, const T* grad, const T* means, const T* sh, int64_t count, T* means_grad,
                               T* sh_grad) {
  const int64_t i = thread_number();
  if (i >= count) return;
  T h[3 * K], mean[3], of_h[3 * K] = {}, of_mean[3] = {};
  for (int k = 0; k < 3 * K; ++k) h[k] = sh[3 * K * i + k];
  for (int axis = 0; axis < 3; ++axis) mean[axis] = means[3 * i + axis];
  for (int64_t v = 0; v < view_count; ++v) {
    if (i < views[v].first || i >= views[v].end) continue;
    const T* from = grad + (v * count + i) * 3;
    const T g[3] = {from[0], from[1], from[2]};
    add_shade_grads(h, K, Direction<T>(mean, views[v].centre), g, of_h, of_mean);
  }
  for (int k = 0; k < 3 * K; ++k) sh_grad[3 * K * i + k] = of_h[k];
  for (int axis = 0; axis < 3; ++axis) means_grad[3 * i + axis] = of_mean[axis];
}

}  // namespace

template <typename T>
void splat_sh(const ShView* views, int64_t view_count, const T* means, const T* sh, int64_t count, int64_t k, T* colors, cudaStream_t stream) {
  if (k == 1)
    EC_LAUNCH(shade_splats<1>, count, stream, views, view_count, means, sh, count, colors);
  else
    EC_LAUNCH(shade_splats<4>, count, stream, views, view_count, means, sh, count, colors);
}

template <typename T>
void splat_sh_backward(const ShView* views, int64_t view_count, const T* grad, const T* means, const T* sh, int64_t count, int64_t k, T* means_grad,
                       T* sh_grad, cudaStream_t stream) {
  if (k == 1)
    EC_LAUNCH(shade_backward<1>, count, stream, views, view_count, grad, means, sh, count, means_grad, sh_grad);
  else
    EC_LAUNCH(shade_backward<4>, count, stream, views, view_count, grad, means, sh, count, means_grad, sh_grad);
}

template void splat_sh(const ShView*, int64_t, const float*, const float*, int64_t, int64_t, float*, cudaStream_t);
template void splat_sh(const ShView*, int64_t, const double*, const double*, int64_t, int64_t, double*, cudaStream_t);
template void splat_sh_backward(const ShView*, int64_t, const float*, const float*, const float*, int64_t, int64_t, float*, float*, cudaStream_t);
template void splat_sh_backward(const ShView*, int64_t, const double*, const double*, const double*, int64_t, int64_t, double*, double*,
                                cudaStream_t);

}  // namespace earthcraft::gpu
