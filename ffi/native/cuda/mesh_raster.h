// Triangle meshes on CUDA: the launchers of ops/mesh_raster.cpp.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "kernels/mesh_screen.h"

namespace earthcraft::gpu {

// A piece of a face that covers many pixels: -1, the face itself, or the fan triangle of its cut polygon that ends at corner `piece`.
struct LargeTriangle {
  int32_t face, piece;
};

// One view.  Scratch: screen [vertex_count], nearest [H, W], large [2 * face_count], large_count [1].
struct MeshRaster {
  MeshView view;
  int64_t vertex_count, face_count;
  ScreenVertex* screen;
  uint64_t* nearest;
  LargeTriangle* large;
  int32_t* large_count;
  int32_t* face;        // [H, W]; these three for mesh_raster only
  float* barycentrics;  // [H, W, 3]
  float* depth;         // [H, W]
};
void mesh_raster(const MeshRaster& raster, cudaStream_t stream);

// Adds 1 to views_of [face_count] of every face that the view sees; last_view [face_count] begins with no view's number.
struct SeenFaces {
  int32_t view;
  int32_t *last_view, *views_of;
};
void mesh_watch(const MeshRaster& raster, const SeenFaces& seen, cudaStream_t stream);

}  // namespace earthcraft::gpu
