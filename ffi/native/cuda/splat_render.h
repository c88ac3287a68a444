// 2D Gaussian splats on CUDA: the launchers of ops/splat_render.cpp.  The maths and the order of splats are those of kernels/splat.h.
//
// R rows are the splats of all views, view after view; an entry (or pair) is a splat in one of the 16 x 16 tiles that its alpha can reach.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "kernels/splat.h"

namespace earthcraft::gpu {

// Projects `count` splats of one view to job.out [count] and counts the tiles of each.
void splat_project(const SplatProjection& job, int64_t count, int64_t* tile_counts, cudaStream_t stream);

// Lists one view's pairs: from slots[i] on, splat i's tiles row by row, each with the key (first_tile + tile) << 32 | depth and the value i.
// Positive floats sort like their bits.
void splat_list_pairs(const SplatOnScreen* splats, int64_t count, const int64_t* slots, int64_t first_tile, int tiles_across, uint64_t* keys,
                      int32_t* values, cudaStream_t stream);

// What the rasteriser reads, of all views.
struct SplatRaster {
  const SplatOnScreen* on_screen;  // [R]
  const float* channels;           // [rows, C]
  const float* background;         // [V, C] or null
  const int32_t* entries;          // splats of a view, by tile, then by depth
  const int64_t* starts;           // [V * tile_count + 1], of tiles among the entries
  const int64_t* view_rows;        // [V, 2]: a view's first row of on_screen, and of channels
  int64_t tile_count;              // of one view
  int channel_count, tiles_across, width, height;
  float near;
};

// Planes of all views, [V, H, W] or [V, C, H, W].
void splat_forward(const SplatRaster& raster, int64_t views, const SplatImages& images, cudaStream_t stream);

// Writes the gradients of pairs of the views [first_view, first_view + views) that were drawn to
// grads.out [pairs - first_pair, kSplatGrads + C]; the others are left alone.  grads.slots [R] says where each splat's pairs begin.
void splat_backward(const SplatRaster& raster, int64_t first_view, int64_t views, const SplatImageGrads& grads, int64_t first_pair,
                    cudaStream_t stream);

// Sums one view's pairs into the gradients of its `count` splats, which are added to `out` and to channels_grad [count, C].  Tiles of a splat are
// summed in their order.
struct SplatPairs {
  const SplatOnScreen* on_screen;  // [count]
  const int64_t* slots;            // [count]
  const float* grads;              // [pairs - first_pair, kSplatGrads + C]
  int64_t first_pair, count;
  int channel_count;
};
void splat_sum_pairs(const SplatPairs& pairs, const SplatProjection& job, const SplatShapeGrads& out, float* channels_grad, cudaStream_t stream);

}  // namespace earthcraft::gpu
