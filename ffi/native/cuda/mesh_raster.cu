// Which face does each pixel see: see ops/mesh_raster.cpp.  A pixel keeps the largest of 64-bit keys, q above the face's complement, so that the
// nearest face wins and among equals the lowest; a maximum does not depend on the order of the atomics.
//
// A thread draws a face of few pixels by itself; larger ones are queued for whole blocks.

#include "grid.cuh"
#include "mesh_raster.h"

namespace earthcraft::gpu {
namespace {

constexpr int kPixelsAThread = 64;
constexpr unsigned kLargeBlocks = 256, kLargeSlices = 16;

// Orders like q; 0 is below all.
__device__ uint64_t key_of(float q, int32_t face) {
  const uint32_t bits = __float_as_uint(q + 0.0f);  // one zero
  const uint32_t ordered = bits >> 31 ? ~bits : bits | 0x80000000u;
  return static_cast<uint64_t>(ordered) << 32 | ~static_cast<uint32_t>(face);
}

__device__ void keep_nearest(uint64_t* nearest, float q, int32_t face) {
  if (!(q > -INFINITY)) return;
  const uint64_t key = key_of(q, face);
  // A value read too early is too low and costs an atomic, no more.
  if (key > *static_cast<volatile uint64_t*>(nearest))
    atomicMax(reinterpret_cast<unsigned long long*>(nearest), static_cast<unsigned long long>(key));
}

__global__ void project_vertices(const MeshRaster raster) {
  const int64_t v = thread_number();
  if (v >= raster.vertex_count) return;
  double at[3];
  raster.view.camera_point(v, at);
  raster.screen[v] = project(raster.view.camera, at, raster.view.near);
}

__device__ void draw_or_queue(const MeshRaster& raster, int32_t face, int32_t piece, const ScreenVertex& a, const ScreenVertex& b,
                              const ScreenVertex& c) {
  const PixelBox box(a, b, c, raster.view.width, raster.view.height);
  if (box.empty()) return;
  if ((box.x1 - box.x0 + 1) * (box.y1 - box.y0 + 1) > kPixelsAThread) {
    raster.large[atomicAdd(raster.large_count, 1)] = {face, piece};
    return;
  }
  with_triangle(a, b, c, [&](const ScreenTriangle& triangle) {
    for (int y = box.y0; y <= box.y1; ++y)
      triangle.draw_row(y, box.x0, box.x1, 1,
                        [&](int x, float q) { keep_nearest(raster.nearest + static_cast<int64_t>(y) * raster.view.width + x, q, face); });
  });
}

__global__ void draw_faces(const MeshRaster raster) {
  const int64_t f = thread_number();
  if (f >= raster.face_count) return;
  const int32_t* corner = raster.view.faces + 3 * f;
  const ScreenVertex a = raster.screen[corner[0]], b = raster.screen[corner[1]], c = raster.screen[corner[2]];
  if (a.visible && b.visible && c.visible) {
    draw_or_queue(raster, static_cast<int32_t>(f), -1, a, b, c);
  } else if (a.visible || b.visible || c.visible) {
    ScreenVertex polygon[4];
    const int count = raster.view.cut(f, polygon);
    for (int i = 2; i < count; ++i) draw_or_queue(raster, static_cast<int32_t>(f), i, polygon[0], polygon[i - 1], polygon[i]);
  }
}

// blockIdx.y takes every kLargeSlices-th row.
__global__ void draw_large(const MeshRaster raster) {
  const int32_t queued = *raster.large_count;
  for (int32_t i = blockIdx.x; i < queued; i += gridDim.x) {
    const LargeTriangle it = raster.large[i];
    ScreenVertex corner[3];
    if (it.piece < 0) {
      for (int k = 0; k < 3; ++k) corner[k] = raster.screen[raster.view.faces[3 * static_cast<int64_t>(it.face) + k]];
    } else {
      ScreenVertex polygon[4];
      raster.view.cut(it.face, polygon);
      corner[0] = polygon[0], corner[1] = polygon[it.piece - 1], corner[2] = polygon[it.piece];
    }
    const PixelBox box(corner[0], corner[1], corner[2], raster.view.width, raster.view.height);
    with_triangle(corner[0], corner[1], corner[2], [&](const ScreenTriangle& triangle) {
      for (int y = box.y0 + static_cast<int>(blockIdx.y); y <= box.y1; y += kLargeSlices)
        triangle.draw_row(y, box.x0 + static_cast<int>(threadIdx.x), box.x1, kThreads,
                          [&](int x, float q) { keep_nearest(raster.nearest + static_cast<int64_t>(y) * raster.view.width + x, q, it.face); });
    });
  }
}

__global__ void locate_pixels(const MeshRaster raster) {
  const int64_t pixel = thread_number();
  if (pixel >= static_cast<int64_t>(raster.view.width) * raster.view.height) return;
  const uint64_t key = raster.nearest[pixel];
  const int32_t face = key == 0 ? -1 : static_cast<int32_t>(~static_cast<uint32_t>(key));
  raster.face[pixel] = face;
  raster.view.locate(static_cast<int>(pixel % raster.view.width), static_cast<int>(pixel / raster.view.width), face, raster.barycentrics + 3 * pixel,
                     raster.depth + pixel);
}

// Which pixel of a face comes first does not matter: each face is counted once a view.
__global__ void mark_seen(const MeshRaster raster, const SeenFaces seen) {
  const int64_t pixel = thread_number();
  if (pixel >= static_cast<int64_t>(raster.view.width) * raster.view.height || raster.nearest[pixel] == 0) return;
  const int32_t face = static_cast<int32_t>(~static_cast<uint32_t>(raster.nearest[pixel]));
  if (atomicExch(&seen.last_view[face], seen.view) != seen.view) atomicAdd(&seen.views_of[face], 1);
}

int64_t pixels_of(const MeshRaster& raster) { return static_cast<int64_t>(raster.view.width) * raster.view.height; }

void draw_nearest(const MeshRaster& raster, cudaStream_t stream) {
  cudaMemsetAsync(raster.nearest, 0, pixels_of(raster) * sizeof(uint64_t), stream);
  cudaMemsetAsync(raster.large_count, 0, sizeof(int32_t), stream);
  if (raster.vertex_count > 0 && raster.face_count > 0) {
    EC_LAUNCH(project_vertices, raster.vertex_count, stream, raster);
    EC_LAUNCH(draw_faces, raster.face_count, stream, raster);
    draw_large<<<dim3(kLargeBlocks, kLargeSlices), kThreads, 0, stream>>>(raster);
  }
}

}  // namespace

void mesh_raster(const MeshRaster& raster, cudaStream_t stream) {
  draw_nearest(raster, stream);
  EC_LAUNCH(locate_pixels, pixels_of(raster), stream, raster);
}

void mesh_watch(const MeshRaster& raster, const SeenFaces& seen, cudaStream_t stream) {
  draw_nearest(raster, stream);
  EC_LAUNCH(mark_seen, pixels_of(raster), stream, raster, seen);
}

}  // namespace earthcraft::gpu
