// Gradients of splats: every pair of a splat and a tile gets a place of its own, which its tile's block writes and a thread of the splat sums, tile
// by tile: equal bits in every run, no atomics.
//
// A tile goes back to front: transmittance is divided out again, and what lies behind a splat is summed as it goes (kernels/splat_backward.cpp).
// A warp's pixels are summed by shuffles, the warps of a block in their order.

#include <type_traits>

#include "grid.cuh"
#include "kernels/splat_screen.h"
#include "splat_pixels.h"
#include "splat_render.h"

namespace earthcraft::gpu {
namespace {

// Sums of one splat over the pixels of a tile, in the order of write_grads: gradients of X, Y, Z times dx, dy and 1, through the low-pass filter, of
// opacity; then area, depth and the normal, where those are wanted; then channels.
constexpr int kDiscSums = 12, kGeometrySums = 5;

constexpr int power_of_two(int least) {
  int power = 1;
  while (power < least) power *= 2;
  return power;
}

// One round of lane_sums; a recursion, so that every index is known to the compiler and v stays in registers.
template <int Step, int N>
__device__ void halve(float (&v)[N]) {
  if constexpr (Step > 0) {
    const bool upper = threadIdx.x & Step;
#pragma unroll
    for (int r = 0; r < Step; ++r) {
      const float mine = upper ? v[r + Step] : v[r], other = upper ? v[r] : v[r + Step];
      v[r] = mine + __shfl_xor_sync(kWholeWarp, other, Step);
    }
    halve<Step / 2>(v);
  }
}

// Lane l gets the warp's sum of v[l % N], in N - 1 + log2(32 / N) shuffles; N is a power of two.  Destroys v.
template <int N>
__device__ float lane_sums(float (&v)[N]) {
  halve<N / 2>(v);
#pragma unroll
  for (int step = N; step < 32; step *= 2) v[0] += __shfl_xor_sync(kWholeWarp, v[0], step);
  return v[0];
}

// What a pixel carries from splat to splat, and its gradients.
template <int K>
struct PixelGrads {
  float transmittance = 1, behind = 0, depth = 0, normal[3] = {0, 0, 0}, color[K] = {};
  EC_VARIANT::DistortionSlope<float> distortion{0, 0, 0};
  int32_t last = 0;

  __device__ PixelGrads(const SplatRaster& raster, const SplatImageGrads& grads, int64_t view, const PixelPlace& place, bool geometry,
                        bool with_distortion) {
    if (!place.inside) return;
    const int64_t plane = static_cast<int64_t>(raster.width) * raster.height;
    const int64_t pixel = static_cast<int64_t>(place.y) * raster.width + place.x, from = view * plane + pixel;
    transmittance = grads.images.transmittance[from];
    last = grads.images.last[from];
    const float opaque = 1 - transmittance;
    float of_alpha = grads.alpha ? grads.alpha[from] : 0;
    if (geometry && grads.depth && opaque > 0) {
      depth = grads.depth[from] / opaque;
      of_alpha -= depth * grads.images.depth[from];
    }
    if (with_distortion)
      distortion = EC_VARIANT::distortion_slope(grads.distortion[from], opaque, grads.images.depth[from], grads.images.distortion[from]);
    if (geometry && grads.normal)
      for (int k = 0; k < 3; ++k) normal[k] = grads.normal[(3 * view + k) * plane + pixel];
    float through = -of_alpha;
#pragma unroll
    for (int k = 0; k < K; ++k)
      if (k < raster.channel_count) {
        color[k] = grads.color[(view * raster.channel_count + k) * plane + pixel];
        if (raster.background) through += raster.background[view * raster.channel_count + k] * color[k];
      }
    behind = transmittance * through;
  }
};

// One drawn splat under one pixel: the gradients into `sums`; returns its weight.
template <bool Geometry, bool Distortion, int K>
__device__ float add_gradients(const StagedSplat& s, const Pixel& px, float dy, const float (&channel)[K], PixelGrads<K>& pixel, float* sums) {
  const bool clamped = px.alpha > kSplatAlphaMax;
  const float alpha = clamped ? kSplatAlphaMax : px.alpha;
  const float passed = EC_VARIANT::reciprocal(1 - alpha);
  const float before = pixel.transmittance * passed;
  const float weight = alpha * before;
  float worth = 0;  // what a unit of weight adds to the loss
#pragma unroll
  for (int k = 0; k < K; ++k) worth += pixel.color[k] * channel[k];
  float of_depth = 0;
  if (Geometry) {
    worth += pixel.depth * px.depth;
    of_depth = weight * pixel.depth;
    if (Distortion) {
      worth += pixel.distortion.of_weight(px.depth);
      of_depth += pixel.distortion.of_depth(weight, px.depth);
    }
    for (int k = 0; k < 3; ++k) {
      worth += pixel.normal[k] * s.normal[k];
      sums[kDiscSums + 2 + k] = weight * pixel.normal[k];
    }
  }
  const float of_alpha = clamped ? 0 : before * worth - pixel.behind * passed;
  pixel.behind += weight * worth;
  pixel.transmittance = before;
  const float of_squared = -0.5f * of_alpha * alpha;
  const float on_disc = px.on_disc ? of_squared : 0, on_pixel = of_squared - on_disc;
  const float twice = 2 * on_disc * px.inverse;
  const float gx = twice * px.x * px.inverse, gy = twice * px.y * px.inverse;
  float gz = -twice * px.squared;
  if (Geometry) {
    const float scaled = px.on_disc ? of_depth * px.inverse : 0;
    gz -= scaled * px.depth;
    sums[kDiscSums] = scaled;
    sums[kDiscSums + 1] = px.on_disc ? 0 : of_depth;
  }
  sums[0] = gx * px.dx, sums[1] = gx * dy, sums[2] = gx;
  sums[3] = gy * px.dx, sums[4] = gy * dy, sums[5] = gy;
  sums[6] = gz * px.dx, sums[7] = gz * dy, sums[8] = gz;
  sums[9] = -4 * on_pixel * px.dx, sums[10] = -4 * on_pixel * dy;
  sums[11] = of_alpha * px.gauss;
  return weight;
}

// Where the pair of a splat and the tile at (x0, y0) stands.
__device__ int64_t pair_of(const SplatOnScreen& s, int64_t slot, int x0, int y0) {
  const int tiles_wide = s.x1 / kSplatTile - s.x0 / kSplatTile + 1;
  return slot + static_cast<int64_t>(y0 / kSplatTile - s.y0 / kSplatTile) * tiles_wide + (x0 / kSplatTile - s.x0 / kSplatTile);
}

// K >= channel_count.  Geometry: gradients of depth, normal or distortion are wanted; Distortion: that of distortion is.
template <int K, bool Geometry, bool Distortion>
__global__ void __launch_bounds__(kTilePixels)
    pair_gradients(const SplatRaster raster, const int64_t first_view, const SplatImageGrads grads, const int64_t first_pair) {
  constexpr int kBatch = K <= 4 ? 32 : K <= 16 ? 16 : 8;
  constexpr int kFixed = kDiscSums + (Geometry ? kGeometrySums : 0), kRow = kFixed + K;
  constexpr bool kTogether = K <= 4;  // few channels are summed with the rest
  constexpr int kChunk = K < 32 ? K : 32;
  __shared__ StagedSplat staged[kBatch];
  __shared__ alignas(16) float channel[kBatch][K];
  __shared__ float partial[kWarps][kBatch][kRow];
  __shared__ uint32_t touched[kWarps];  // bit j: the warp drew the batch's splat j
  __shared__ int32_t deepest_of[kWarps];
  const int64_t tile = first_view * raster.tile_count + blockIdx.x, view = tile / raster.tile_count;
  const PixelPlace place(tile % raster.tile_count, raster.tiles_across, raster.width, raster.height);
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  const int64_t view_row = raster.view_rows[2 * view], channel_row = raster.view_rows[2 * view + 1];
  const SplatOnScreen* splats = raster.on_screen + view_row;
  const int32_t* entries = raster.entries + raster.starts[tile];
  PixelGrads<K> pixel(raster, grads, view, place, Geometry, Distortion);

  const int32_t warp_last = __reduce_max_sync(kWholeWarp, pixel.last);
  if (lane == 0) deepest_of[warp] = warp_last;
  __syncthreads();
  int32_t deepest = 0;
  for (int w = 0; w < kWarps; ++w) deepest = max(deepest, deepest_of[w]);

  // The batch's splat j is entry top - 1 - j.
  for (int32_t top = deepest; top > 0; top -= kBatch) {
    const int count = min(top, kBatch);
    __syncthreads();
    if (threadIdx.x < count) staged[threadIdx.x].stage(splats + entries[top - 1 - threadIdx.x]);
    stage_channels<K>(channel, raster.channels, raster.channel_count, count, [&](int j) { return channel_row + entries[top - 1 - j]; });
    __syncthreads();
    uint32_t drew = 0;
    for (int j = 0; j < count; ++j) {
      const StagedSplat& s = staged[j];
      const int32_t entry = top - 1 - j;
      if (entry >= warp_last || place.misses(s)) continue;
      const Pixel px = place.under(s, raster.near);
      const bool drawn = px.drawn && pixel.last > entry;
      if (!__any_sync(kWholeWarp, drawn)) continue;
      drew |= 1u << j;
      float sums[power_of_two(kTogether ? kRow : kFixed)] = {};
      float weight = 0;
      if (drawn) weight = add_gradients<Geometry, Distortion>(s, px, static_cast<float>(place.y) + 0.5f - s.disc.centre_y, channel[j], pixel, sums);
      if constexpr (kTogether) {
#pragma unroll
        for (int k = 0; k < K; ++k) sums[kFixed + k] = weight * pixel.color[k];
      }
      const float sum = lane_sums(sums);
      if (lane < (kTogether ? kRow : kFixed)) partial[warp][j][lane] = sum;
      if constexpr (!kTogether) {
#pragma unroll
        for (int first = 0; first < K; first += kChunk) {
          float of_channels[kChunk];
#pragma unroll
          for (int k = 0; k < kChunk; ++k) of_channels[k] = weight * pixel.color[first + k];
          const float of_channel = lane_sums(of_channels);
          if (lane < kChunk) partial[warp][j][kFixed + first + lane] = of_channel;
        }
      }
    }
    if (lane == 0) touched[warp] = drew;
    __syncthreads();
    // Into the first warp's place, which no other thread reads before the next barrier.
    for (int i = threadIdx.x; i < count * kRow; i += kTilePixels) {
      const int j = i / kRow, k = i % kRow;
      float total = 0;
      for (int w = 0; w < kWarps; ++w)
        if (touched[w] >> j & 1) total += partial[w][j][k];
      partial[0][j][k] = total;
    }
    __syncthreads();
    const int stride = kSplatGrads + raster.channel_count;
    const auto out_of = [&](int32_t id, const SplatOnScreen& s) {
      return grads.out + (pair_of(s, grads.slots[view_row + id], place.tile_x0, place.tile_y0) - first_pair) * stride;
    };
    const auto anywhere = [&](int j) {
      uint32_t all = 0;
      for (int w = 0; w < kWarps; ++w) all |= touched[w];
      return (all >> j & 1) != 0;
    };
    if (threadIdx.x < count && anywhere(threadIdx.x)) {
      const int32_t id = entries[top - 1 - threadIdx.x];
      const SplatOnScreen s = splats[id];
      const float* sums = partial[0][threadIdx.x];
      float* out = out_of(id, s);
      EC_VARIANT::write_grads(s, Disc(s), sums, Geometry ? sums[kDiscSums] : 0, Geometry ? sums[kDiscSums + 1] : 0, out);
      for (int k = 0; k < 3; ++k) out[10 + k] = Geometry ? sums[kDiscSums + 2 + k] : 0;
    }
    for (int i = threadIdx.x; i < count * raster.channel_count; i += kTilePixels) {
      const int j = i / raster.channel_count, c = i % raster.channel_count;
      if (!anywhere(j)) continue;
      const int32_t id = entries[top - 1 - j];
      out_of(id, splats[id])[kSplatGrads + c] = partial[0][j][kFixed + c];
    }
  }
}

__device__ int64_t pair_count(const SplatOnScreen& s) {
  return s.x1 < s.x0 ? 0 : static_cast<int64_t>(s.y1 / kSplatTile - s.y0 / kSplatTile + 1) * (s.x1 / kSplatTile - s.x0 / kSplatTile + 1);
}

__global__ void sum_shapes(const SplatPairs pairs, const SplatProjection job, const SplatShapeGrads out) {
  const int64_t i = thread_number();
  if (i >= pairs.count) return;
  const int64_t parts = pair_count(pairs.on_screen[i]);
  if (parts == 0) return;
  const int stride = kSplatGrads + pairs.channel_count;
  const float* part = pairs.grads + (pairs.slots[i] - pairs.first_pair) * stride;
  float sum[kSplatGrads] = {};
  for (int64_t p = 0; p < parts; ++p, part += stride) {
#pragma unroll
    for (int k = 0; k < kSplatGrads; ++k) sum[k] += part[k];
  }
  const int64_t splat = job.first + i;
  float mean[3] = {}, quat[4] = {}, scale[2] = {}, opacity = 0;
  EC_VARIANT::project_backward(job, EC_VARIANT::pinhole(job.camera), splat, sum, {mean, quat, scale, &opacity});
  for (int k = 0; k < 3; ++k) out.means[3 * splat + k] += mean[k];
  for (int k = 0; k < 4; ++k) out.quats[4 * splat + k] += quat[k];
  for (int k = 0; k < 2; ++k) out.scales[job.shapes.scale_width * splat + k] += scale[k];
  out.opacities[splat] += opacity;
}

__global__ void sum_channels(const SplatPairs pairs, float* channels_grad) {
  const int64_t at = thread_number(), i = at / pairs.channel_count;
  if (i >= pairs.count) return;
  const int64_t parts = pair_count(pairs.on_screen[i]);
  if (parts == 0) return;
  const int stride = kSplatGrads + pairs.channel_count;
  const float* part = pairs.grads + (pairs.slots[i] - pairs.first_pair) * stride + kSplatGrads + at % pairs.channel_count;
  float sum = 0;
  for (int64_t p = 0; p < parts; ++p) sum += part[p * stride];
  channels_grad[at] += sum;
}

}  // namespace

void splat_backward(const SplatRaster& raster, int64_t first_view, int64_t views, const SplatImageGrads& grads, int64_t first_pair,
                    cudaStream_t stream) {
  const auto blocks = static_cast<unsigned>(views * raster.tile_count);
  const bool geometry = grads.depth != nullptr || grads.normal != nullptr;
  with_channels(raster.channel_count, [&](auto channels) {
    if (grads.distortion != nullptr)
      pair_gradients<channels, true, true><<<blocks, kTilePixels, 0, stream>>>(raster, first_view, grads, first_pair);
    else if (channels > 4 || geometry)
      pair_gradients<channels, true, false><<<blocks, kTilePixels, 0, stream>>>(raster, first_view, grads, first_pair);
    else
      pair_gradients<4, false, false><<<blocks, kTilePixels, 0, stream>>>(raster, first_view, grads, first_pair);
  });
}

void splat_sum_pairs(const SplatPairs& pairs, const SplatProjection& job, const SplatShapeGrads& out, float* channels_grad, cudaStream_t stream) {
  EC_LAUNCH(sum_shapes, pairs.count, stream, pairs, job, out);
  EC_LAUNCH(sum_channels, pairs.count * pairs.channel_count, stream, pairs, channels_grad);
}

}  // namespace earthcraft::gpu
