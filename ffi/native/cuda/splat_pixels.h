// A tile's pixels under a batch of splats: what the forward and the backward rasteriser share.  For .cu files only.
//
// A block is a tile, a thread a pixel, and a warp 8 x 4 pixels, so that small splats miss most warps.
#pragma once

#include <cmath>

#include "kernels/host_device.h"

namespace earthcraft::EC_VARIANT {

EC_INLINE float select(bool mask, float yes, float no) { return mask ? yes : no; }

// 1 / x to 1 ulp.
EC_INLINE float reciprocal(float x) {
#if defined(__CUDA_ARCH__)
  return __fdividef(1.0f, x);
#else
  return 1.0f / x;
#endif
}

EC_INLINE float exp(float x) { return ::expf(x); }

}  // namespace earthcraft::EC_VARIANT

#include "kernels/splat_disc.h"

namespace earthcraft::gpu {

using Pixel = EC_VARIANT::PixelsOf<float, bool>;
using EC_VARIANT::Disc;

constexpr int kTilePixels = kSplatTile * kSplatTile;
constexpr int kWarps = kTilePixels / 32;
constexpr int kPatchWidth = 8, kPatchHeight = 4;
constexpr unsigned kWholeWarp = 0xffffffffu;

struct alignas(16) StagedSplat {
  Disc disc;
  float normal[3];
  int16_t x0, x1, y0, y1;

  __device__ void stage(const SplatOnScreen* from) {
    const float4* words = reinterpret_cast<const float4*>(from);
    float4 read[4];
    for (int i = 0; i < 4; ++i) read[i] = words[i];
    SplatOnScreen s;
    memcpy(&s, read, sizeof(s));
    disc = Disc(s);
    for (int k = 0; k < 3; ++k) normal[k] = s.normal[k];
    x0 = s.x0, x1 = s.x1, y0 = s.y0, y1 = s.y1;
  }
};

// Where a thread's pixel lies.
struct PixelPlace {
  int tile_x0, tile_y0, patch_x, patch_y, x, y;
  bool inside;  // the image

  __device__ PixelPlace(int64_t tile, int tiles_across, int width, int height) {
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    tile_x0 = static_cast<int>(tile % tiles_across) * kSplatTile;
    tile_y0 = static_cast<int>(tile / tiles_across) * kSplatTile;
    patch_x = tile_x0 + warp % 2 * kPatchWidth;
    patch_y = tile_y0 + warp / 2 * kPatchHeight;
    x = patch_x + lane % kPatchWidth;
    y = patch_y + lane / kPatchWidth;
    inside = x < width && y < height;
  }

  // The same for all threads of a warp.
  __device__ bool misses(const StagedSplat& s) const {
    return s.x1 < patch_x || s.x0 >= patch_x + kPatchWidth || s.y1 < patch_y || s.y0 >= patch_y + kPatchHeight;
  }
  __device__ Pixel under(const StagedSplat& s, float near) const {
    return Pixel(s.disc, static_cast<float>(x) + 0.5f, static_cast<float>(y) + 0.5f - s.disc.centre_y, near);
  }
};

// Copies `count` rows of channels into shared memory, padded with zeros to K.  row(j) is the j-th's.
template <int K, typename Row>
__device__ void stage_channels(float (*to)[K], const float* channels, int channel_count, int count, const Row& row) {
  for (int i = threadIdx.x; i < count * K; i += kTilePixels) {
    const int j = i / K, c = i % K;
    to[j][c] = c < channel_count ? channels[row(j) * channel_count + c] : 0;
  }
}

// Calls run(K) with a compile-time number of channels that holds `channels` of them.
template <typename Run>
void with_channels(int channels, const Run& run) {
  if (channels <= 4)
    run(std::integral_constant<int, 4>());
  else if (channels <= 16)
    run(std::integral_constant<int, 16>());
  else
    run(std::integral_constant<int, kSplatChannels>());
}

}  // namespace earthcraft::gpu
