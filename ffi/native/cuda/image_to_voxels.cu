#include "element.cuh"
#include "grid.cuh"
#include "image_to_voxels.h"

namespace earthcraft::gpu {
namespace {

__global__ void list_kernel(const int32_t* voxel, const PatchGrid grid, int64_t voxels, uint64_t* keys, int32_t* patches) {
  const int64_t p = thread_number();
  if (p >= grid.pixels()) return;
  const int64_t x = p % grid.across.pixels, line = p / grid.across.pixels;
  const int64_t view = line / grid.down.pixels, y = line % grid.down.pixels;
  const int32_t row = voxel[p];
  keys[p] = static_cast<uint64_t>(row >= 0 && row < voxels ? row : voxels);
  patches[p] = static_cast<int32_t>((view * grid.down.patches + grid.down.of(y)) * grid.across.patches + grid.across.of(x));
}

__global__ void count_kernel(const int64_t* starts, int64_t voxels, int32_t* counts) {
  const int64_t row = thread_number();
  if (row < voxels) counts[row] = static_cast<int32_t>(starts[row + 1] - starts[row]);
}

// A thread makes one channel of a voxel.
template <typename T>
__global__ void sum_pixels_kernel(const T* features, const int64_t* starts, const int32_t* patches, int64_t voxels, int64_t channels, bool mean,
                                  T* feats) {
  const int64_t i = thread_number();
  if (i >= voxels * channels) return;
  const int64_t row = i / channels, channel = i % channels, begin = starts[row], end = starts[row + 1];
  sum_t<T> sum = 0;
#pragma unroll 4
  for (int64_t at = begin; at < end; ++at) sum += wide(features[patches[at] * channels + channel]);
  if (mean && end > begin) sum /= static_cast<sum_t<T>>(end - begin);
  feats[i] = narrow<T>(sum);
}

// A thread makes one channel of a patch.
template <typename T>
__global__ void sum_patches_kernel(const T* feats, const int32_t* voxel, const int32_t* counts, int64_t voxels, const PatchGrid grid,
                                   int64_t channels, T* image) {
  const int64_t i = thread_number();
  if (i >= grid.patches() * channels) return;
  const int64_t patch = i / channels, channel = i % channels;
  const int64_t column = patch % grid.across.patches, line = patch / grid.across.patches;
  const int64_t view = line / grid.down.patches, row = line % grid.down.patches;
  const int64_t left = grid.across.first(column), right = grid.across.first(column + 1), bottom = grid.down.first(row + 1);
  sum_t<T> sum = 0;
  for (int64_t y = grid.down.first(row); y < bottom; ++y)
    for (int64_t x = left; x < right; ++x) {
      const int32_t seen = voxel[(view * grid.down.pixels + y) * grid.across.pixels + x];
      if (seen < 0 || seen >= voxels) continue;
      const sum_t<T> value = wide(feats[seen * channels + channel]);
      sum += counts ? value / static_cast<sum_t<T>>(counts[seen]) : value;
    }
  image[i] = narrow<T>(sum);
}

}  // namespace

void list_pixels(const int32_t* voxel, const PatchGrid& grid, int64_t voxels, uint64_t* keys, int32_t* patches, cudaStream_t stream) {
  EC_LAUNCH(list_kernel, grid.pixels(), stream, voxel, grid, voxels, keys, patches);
}

void sum_pixels(Element element, const void* features, const int64_t* starts, const int32_t* patches, int64_t voxels, int64_t channels, bool mean,
                void* feats, int32_t* counts, cudaStream_t stream) {
  EC_LAUNCH(count_kernel, voxels, stream, starts, voxels, counts);
  for_element(element, [&](auto type) {
    using T = decltype(type);
    EC_LAUNCH(sum_pixels_kernel<T>, voxels * channels, stream, static_cast<const T*>(features), starts, patches, voxels, channels, mean,
              static_cast<T*>(feats));
  });
}

void sum_patches(Element element, const void* feats, const int32_t* voxel, const int32_t* counts, int64_t voxels, const PatchGrid& grid,
                 int64_t channels, void* image, cudaStream_t stream) {
  for_element(element, [&](auto type) {
    using T = decltype(type);
    EC_LAUNCH(sum_patches_kernel<T>, grid.patches() * channels, stream, static_cast<const T*>(feats), voxel, counts, voxels, grid, channels,
              static_cast<T*>(image));
  });
}

}  // namespace earthcraft::gpu
