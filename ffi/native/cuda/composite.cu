// A thread a ray, whose sums go near to far as on the CPU.

#include "composite.h"
#include "grid.cuh"

namespace earthcraft::gpu {
namespace {

template <typename T>
__device__ RaySamples<T> ray_of(const PackedRays<T>& packed, int64_t r) {
  const int64_t first = packed.starts[r];
  return {packed.densities + first,     packed.colors + first, packed.lengths + first, packed.distances + first,
          packed.starts[r + 1] - first, packed.samples,        packed.channels};
}

template <typename T>
__global__ void forward_kernel(PackedRays<T> packed, T least, T* color, T* opacity, T* depth, T* weights) {
  const int64_t r = thread_number();
  if (r < packed.rays) composite_ray(ray_of(packed, r), least, weights + packed.starts[r], color + r * packed.channels, opacity + r, depth + r);
}

template <typename T>
__global__ void backward_kernel(PackedRays<T> packed, T least, RayGrads<T> grads, const T* weights, T* densities_grad, T* colors_grad) {
  const int64_t r = thread_number();
  if (r >= packed.rays) return;
  const int64_t first = packed.starts[r];
  composite_ray_backward(ray_of(packed, r), least, weights + first,
                         RayGrads<T>{grads.color + r * packed.channels, grads.opacity + r, grads.depth + r, grads.weights + first},
                         densities_grad + first, colors_grad + first);
}

}  // namespace

template <typename T>
void composite(const PackedRays<T>& packed, T least, T* color, T* opacity, T* depth, T* weights, cudaStream_t stream) {
  EC_LAUNCH(forward_kernel<T>, packed.rays, stream, packed, least, color, opacity, depth, weights);
}

template <typename T>
void composite_backward(const PackedRays<T>& packed, T least, const RayGrads<T>& grads, const T* weights, T* densities_grad, T* colors_grad,
                        cudaStream_t stream) {
  EC_LAUNCH(backward_kernel<T>, packed.rays, stream, packed, least, grads, weights, densities_grad, colors_grad);
}

template void composite(const PackedRays<float>&, float, float*, float*, float*, float*, cudaStream_t);
template void composite(const PackedRays<double>&, double, double*, double*, double*, double*, cudaStream_t);
template void composite_backward(const PackedRays<float>&, float, const RayGrads<float>&, const float*, float*, float*, cudaStream_t);
template void composite_backward(const PackedRays<double>&, double, const RayGrads<double>&, const double*, double*, double*, cudaStream_t);

}  // namespace earthcraft::gpu
