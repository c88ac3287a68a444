#include "grid.cuh"
#include "score_aggregate.h"

namespace earthcraft::gpu {
namespace {

constexpr int kWarpsABlock = kThreads / 32;

__global__ void normals(const ScoredMesh mesh, double* normals_F3) {
  const int64_t f = thread_number();
  if (f < mesh.face_count) unit_normal(mesh, f, normals_F3 + 3 * f);
}

__device__ bool counts(const PixelValues& values, int64_t pixel) {
  if (values.labels) return values.labels[pixel] < values.channels;
  for (int64_t c = 0; c < values.channels; ++c)
    if (!isfinite(values.features[pixel * values.channels + c])) return false;
  return true;
}

__global__ void score_view(const ScoredMesh mesh, const double* normals_F3, const ViewPixels view, const Score score, const PixelValues values,
                           uint64_t* keys, int32_t* pixel_of, float* scores, int64_t* first_bad) {
  const int64_t p = thread_number();
  if (p >= view.width * view.height) return;
  const int64_t pixel = view.first_pixel + p;
  const int32_t face = view.face[pixel];
  float worth = 0;
  if (face >= mesh.face_count) {
    atomicMin(reinterpret_cast<unsigned long long*>(first_bad), static_cast<unsigned long long>(pixel));
  } else if (face >= 0 && (view.mask == nullptr || view.mask[pixel])) {
    worth = score(view.camera, p % view.width + 0.5, p / view.width + 0.5, normals_F3 + 3 * static_cast<int64_t>(face), view.depth[pixel]);
    if (!(isfinite(worth) && worth > 0 && counts(values, pixel))) worth = 0;
  }
  keys[pixel] = worth > 0 ? face : mesh.face_count;
  pixel_of[pixel] = static_cast<int32_t>(pixel);
  scores[pixel] = worth;
}

// A warp sums a face, a lane a channel.
__global__ void __launch_bounds__(kThreads)
    sum_pixels(int64_t face_count, const int64_t* starts, const int32_t* pixels, const float* scores, const PixelValues values, float* face_sums) {
  const int64_t face = static_cast<int64_t>(blockIdx.x) * kWarpsABlock + threadIdx.x / 32;
  if (face >= face_count) return;
  const int64_t begin = starts[face], end = starts[face + 1], channels = values.channels;
  float* to = face_sums + face * (channels + 1);
  for (int64_t c = threadIdx.x % 32; c <= channels; c += 32) {
    float sum = 0;
    if (c == channels) {
#pragma unroll 4
      for (int64_t i = begin; i < end; ++i) sum += scores[pixels[i]];
    } else if (values.labels) {
#pragma unroll 4
      for (int64_t i = begin; i < end; ++i) sum += values.labels[pixels[i]] == c ? scores[pixels[i]] : 0;
    } else {
#pragma unroll 4
      for (int64_t i = begin; i < end; ++i) sum += scores[pixels[i]] * values.features[pixels[i] * channels + c];
    }
    to[c] = sum;
  }
}

__global__ void corners_of(const ScoredMesh mesh, uint64_t* keys, int32_t* corners) {
  const int64_t i = thread_number();
  if (i >= 3 * mesh.face_count) return;
  keys[i] = static_cast<uint64_t>(mesh.faces[i]);
  corners[i] = static_cast<int32_t>(i);
}

// A thread makes one channel of one vertex; the last is its weight.
__global__ void gather(int64_t vertex_count, const int64_t* starts, const int32_t* corners, const float* face_sums, int64_t channels, float* sums,
                       float* weights) {
  const int64_t at = thread_number(), stride = channels + 1, v = at / stride, c = at % stride;
  if (v >= vertex_count) return;
  float sum = 0;
  for (int64_t i = starts[v]; i < starts[v + 1]; ++i) {
    const float* from = face_sums + corners[i] / 3 * stride;
    if (from[channels] != 0) sum += from[c];
  }
  if (c == channels)
    weights[v] = sum;
  else
    sums[v * channels + c] = sum;
}

}  // namespace

void face_normals(const ScoredMesh& mesh, double* normals_F3, cudaStream_t stream) { EC_LAUNCH(normals, mesh.face_count, stream, mesh, normals_F3); }

void score_pixels(const ScoredMesh& mesh, const double* normals_F3, const ViewPixels& view, const Score& score, const PixelValues& values,
                  uint64_t* keys, int32_t* pixel_of, float* scores, int64_t* first_bad, cudaStream_t stream) {
  const int64_t pixels = view.width * view.height;
  EC_LAUNCH(score_view, pixels, stream, mesh, normals_F3, view, score, values, keys, pixel_of, scores, first_bad);
}

void sum_faces(int64_t face_count, const int64_t* starts, const int32_t* pixels, const float* scores, const PixelValues& values, float* face_sums,
               cudaStream_t stream) {
  if (face_count == 0) return;
  sum_pixels<<<blocks_for(face_count, kWarpsABlock), kThreads, 0, stream>>>(face_count, starts, pixels, scores, values, face_sums);
}

void list_corners(const ScoredMesh& mesh, uint64_t* keys, int32_t* corners, cudaStream_t stream) {
  EC_LAUNCH(corners_of, 3 * mesh.face_count, stream, mesh, keys, corners);
}

void sum_vertices(int64_t vertex_count, const int64_t* starts, const int32_t* corners, const float* face_sums, int64_t channels, float* sums,
                  float* weights, cudaStream_t stream) {
  EC_LAUNCH(gather, vertex_count * (channels + 1), stream, vertex_count, starts, corners, face_sums, channels, sums, weights);
}

}  // namespace earthcraft::gpu
