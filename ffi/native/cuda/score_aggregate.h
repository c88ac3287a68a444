// Score aggregation on CUDA: the launchers of ops/score_aggregate.cpp.
//
// Pixels are sorted by the face that they see, so that a warp sums a face's pixels one after another, and corners by their vertex: the same order as
// on the CPU, no atomics on floats, the same bits.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "kernels/view_score.h"

namespace earthcraft::gpu {

// What pixels saw: features [pixels, channels] or else labels [pixels] with values below channels.
struct PixelValues {
  const float* features;  // or null
  const uint8_t* labels;  // or null
  int64_t channels;
};

void face_normals(const ScoredMesh& mesh, double* normals_F3, cudaStream_t stream);

// One view: pixels [first_pixel, first_pixel + width * height) of all.  keys [pixels] gets the faces of the pixels that count (face_count: it does
// not) and values [pixels] the pixels; first_bad [1] the lowest pixel whose face does not exist, if that is lower than it was.
struct ViewPixels {
  Camera camera;
  int64_t first_pixel, width, height;
  const int32_t* face;  // this and the following: [pixels] of all views
  const float* depth;
  const bool* mask;  // or null
};
void score_pixels(const ScoredMesh& mesh, const double* normals_F3, const ViewPixels& view, const Score& score, const PixelValues& values,
                  uint64_t* keys, int32_t* pixel_of, float* scores, int64_t* first_bad, cudaStream_t stream);

// face_sums [F, channels + 1], the last being the weight, from the sorted pixels and where each face's begin.
void sum_faces(int64_t face_count, const int64_t* starts, const int32_t* pixels, const float* scores, const PixelValues& values, float* face_sums,
               cudaStream_t stream);

// Every corner of every face: keys [3 F] its vertex, corners [3 F] its number.
void list_corners(const ScoredMesh& mesh, uint64_t* keys, int32_t* corners, cudaStream_t stream);

// sums [N, channels] and weights [N] from the sorted corners and where each vertex's begin.
void sum_vertices(int64_t vertex_count, const int64_t* starts, const int32_t* corners, const float* face_sums, int64_t channels, float* sums,
                  float* weights, cudaStream_t stream);

}  // namespace earthcraft::gpu
