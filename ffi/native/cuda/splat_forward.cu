// Projects splats, lists their tiles, and composites the splats of each tile front to back.

#include <type_traits>

#include "grid.cuh"
#include "kernels/splat_screen.h"
#include "splat_pixels.h"
#include "splat_render.h"

namespace earthcraft::gpu {
namespace {

__device__ int tiles_high(const SplatOnScreen& s) { return s.y1 / kSplatTile - s.y0 / kSplatTile + 1; }
__device__ int tiles_wide(const SplatOnScreen& s) { return s.x1 / kSplatTile - s.x0 / kSplatTile + 1; }

__global__ void project(const SplatProjection job, int64_t count, int64_t* tile_counts) {
  const int64_t i = thread_number();
  if (i >= count) return;
  const SplatOnScreen s = EC_VARIANT::on_screen(job, EC_VARIANT::pinhole(job.camera), i);
  float4 words[4];
  memcpy(words, &s, sizeof(s));
  for (int k = 0; k < 4; ++k) reinterpret_cast<float4*>(job.out + i)[k] = words[k];
  tile_counts[i] = s.x1 < s.x0 ? 0 : static_cast<int64_t>(tiles_high(s)) * tiles_wide(s);
}

__global__ void list_pairs(const SplatOnScreen* splats, int64_t count, const int64_t* slots, int64_t first_tile, int tiles_across, uint64_t* keys,
                           int32_t* values) {
  const int64_t i = thread_number();
  if (i >= count) return;
  const SplatOnScreen& s = splats[i];
  if (s.x1 < s.x0) return;
  const uint64_t depth = __float_as_uint(s.depth);
  int64_t to = slots[i];
  for (int y = s.y0 / kSplatTile; y <= s.y1 / kSplatTile; ++y)
    for (int x = s.x0 / kSplatTile; x <= s.x1 / kSplatTile; ++x, ++to) {
      keys[to] = static_cast<uint64_t>(first_tile + static_cast<int64_t>(y) * tiles_across + x) << 32 | depth;
      values[to] = static_cast<int32_t>(i);
    }
}

// K >= channel_count.  Distortion: it is wanted.
template <int K, bool Distortion>
__global__ void __launch_bounds__(kTilePixels) composite(const SplatRaster raster, const SplatImages images) {
  constexpr int kBatch = K <= 4 ? kTilePixels : K <= 16 ? 128 : 64;
  __shared__ StagedSplat staged[kBatch];
  __shared__ alignas(16) float channel[kBatch][K];
  __shared__ int64_t channel_rows[kBatch];
  const int64_t view = blockIdx.x / raster.tile_count;
  const PixelPlace place(blockIdx.x % raster.tile_count, raster.tiles_across, raster.width, raster.height);
  const SplatOnScreen* splats = raster.on_screen + raster.view_rows[2 * view];
  const int64_t channel_row = raster.view_rows[2 * view + 1];
  const int64_t begin = raster.starts[blockIdx.x], end = raster.starts[blockIdx.x + 1];

  float transmittance = 1, depth = 0, median = 0, normal[3] = {0, 0, 0}, color[K] = {};
  EC_VARIANT::DepthSpread<float> spread{0, 0, 0};
  int32_t last = 0;
  bool alive = place.inside;
  for (int64_t batch = begin; batch < end; batch += kBatch) {
    if (__syncthreads_count(alive) == 0) break;
    const int count = end - batch < kBatch ? static_cast<int>(end - batch) : kBatch;
    if (threadIdx.x < count) {
      const int32_t id = raster.entries[batch + threadIdx.x];
      staged[threadIdx.x].stage(splats + id);
      channel_rows[threadIdx.x] = channel_row + id;
    }
    __syncthreads();
    stage_channels<K>(channel, raster.channels, raster.channel_count, count, [&](int j) { return channel_rows[j]; });
    __syncthreads();
    for (int j = 0; j < count; ++j) {
      const StagedSplat& s = staged[j];
      if (place.misses(s)) continue;
      if (!__any_sync(kWholeWarp, alive)) break;
      const Pixel px = place.under(s, raster.near);
      if (!(alive && px.drawn)) continue;
      const float alpha = fminf(px.alpha, kSplatAlphaMax), after = transmittance * (1 - alpha);
      if (after <= kSplatTransmittanceMin) {
        alive = false;
        continue;
      }
      const float weight = alpha * transmittance;
      depth += weight * px.depth;
      if (Distortion) spread.add(weight, px.depth, transmittance);
      if (transmittance > 0.5f) median = px.depth;
      for (int k = 0; k < 3; ++k) normal[k] += weight * s.normal[k];
#pragma unroll
      for (int k = 0; k < K; ++k) color[k] += weight * channel[j][k];
      transmittance = after;
      last = static_cast<int32_t>(batch - begin) + j + 1;
    }
  }

  if (!place.inside) return;
  const int64_t plane = static_cast<int64_t>(raster.width) * raster.height;
  const int64_t pixel = static_cast<int64_t>(place.y) * raster.width + place.x, to = view * plane + pixel;
  const float opaque = 1 - transmittance;
  images.transmittance[to] = transmittance;
  images.alpha[to] = opaque;
  images.depth[to] = opaque > 0 ? depth / opaque : 0;
  images.median[to] = median;
  if (Distortion) images.distortion[to] = EC_VARIANT::distortion_of(spread, opaque);
  images.last[to] = last;
  for (int k = 0; k < 3; ++k) images.normal[(3 * view + k) * plane + pixel] = normal[k];
#pragma unroll
  for (int k = 0; k < K; ++k)
    if (k < raster.channel_count)
      images.color[(view * raster.channel_count + k) * plane + pixel] =
          color[k] + (raster.background ? transmittance * raster.background[view * raster.channel_count + k] : 0);
}

}  // namespace

void splat_project(const SplatProjection& job, int64_t count, int64_t* tile_counts, cudaStream_t stream) {
  EC_LAUNCH(project, count, stream, job, count, tile_counts);
}

void splat_list_pairs(const SplatOnScreen* splats, int64_t count, const int64_t* slots, int64_t first_tile, int tiles_across, uint64_t* keys,
                      int32_t* values, cudaStream_t stream) {
  EC_LAUNCH(list_pairs, count, stream, splats, count, slots, first_tile, tiles_across, keys, values);
}

void splat_forward(const SplatRaster& raster, int64_t views, const SplatImages& images, cudaStream_t stream) {
  if (views == 0) return;
  const auto blocks = static_cast<unsigned>(views * raster.tile_count);
  with_channels(raster.channel_count, [&](auto channels) {
    if (images.distortion != nullptr)
      composite<channels, true><<<blocks, kTilePixels, 0, stream>>>(raster, images);
    else
      composite<channels, false><<<blocks, kTilePixels, 0, stream>>>(raster, images);
  });
}

}  // namespace earthcraft::gpu
