// One thread a query and tap finds a neighbour; one block of threads a block of output rows lists its pairs, in the order of rows, by counting the
// lanes before it.

#include "neighbour_map.h"

#include "../kernels/conv_block.h"
#include "sorted_voxels.cuh"

namespace earthcraft::gpu {
namespace {

static_assert(kConvBlock == kThreads, "one thread a row");

__global__ void map_kernel(const int32_t* queries, int64_t n, SortedVoxels set, int kernel, int stride, int32_t* map) {
  const int64_t i = thread_number();
  const int taps = kernel * kernel * kernel;
  if (i >= n * taps) return;
  const int4 query = reinterpret_cast<const int4*>(queries)[i / taps];
  const int tap = static_cast<int>(i % taps), low = kernel == 3 ? 1 : 0;
  const Voxel v{query.x, stride * query.y + tap % kernel - low, stride * query.z + tap / kernel % kernel - low,
                stride * query.w + tap / (kernel * kernel) - low};
  map[i] = within_axes(v.x, v.y, v.z) ? static_cast<int32_t>(row_of(set, static_cast<int64_t>(morton_key(v)))) : -1;
}

__global__ void turn_kernel(const int32_t* map, int64_t queries, int64_t taps, int64_t rows, int32_t* turned, int64_t* trouble) {
  const int64_t i = thread_number();
  if (i >= queries * taps) return;
  const int32_t row = map[i];
  if (row == -1) return;
  if (row < 0 || row >= rows) return note_trouble(trouble, i);
  // In a map that is one, no two queries meet a row under the same tap: nothing depends on which thread comes first.
  if (atomicCAS(turned + row * taps + i % taps, -1, static_cast<int32_t>(i / taps)) != -1) note_trouble(trouble + 1, i);
}

__global__ void count_kernel(const int32_t* map, int64_t rows, int64_t taps, int64_t* counts) {
  const int64_t row = thread_number();
  for (int64_t tap = 0; tap < taps; ++tap) {
    const int there = __syncthreads_count(row < rows && map[row * taps + tap] >= 0);
    if (threadIdx.x == 0) counts[blockIdx.x * taps + tap] = there;
  }
}

__global__ void list_kernel(const int32_t* map, int64_t rows, int64_t taps, const int64_t* starts, int32_t* in_rows, int32_t* out_rows) {
  constexpr int kWarps = kThreads / 32;
  __shared__ int before[2][kWarps];  // two, so that one barrier a tap is enough
  const int64_t row = thread_number();
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  for (int64_t tap = 0; tap < taps; ++tap) {
    const int32_t in = row < rows ? map[row * taps + tap] : -1;
    const unsigned there = __ballot_sync(0xFFFFFFFFu, in >= 0);
    int* counts = before[tap % 2];
    if (lane == 0) counts[warp] = __popc(there);
    __syncthreads();
    if (in < 0) continue;
    int64_t at = starts[blockIdx.x * taps + tap] + __popc(there & ((1u << lane) - 1));
    for (int w = 0; w < warp; ++w) at += counts[w];
    in_rows[at] = in;
    out_rows[at] = static_cast<int32_t>(row);
  }
}

}  // namespace

void neighbour_map(const int32_t* queries, int64_t n, const SortedVoxels& set, int kernel, int stride, int32_t* map, cudaStream_t stream) {
  EC_LAUNCH(map_kernel, n * kernel * kernel * kernel, stream, queries, n, set, kernel, stride, map);
}
void turn_map(const int32_t* map, int64_t queries, int64_t taps, int64_t rows, int32_t* turned, int64_t* trouble, cudaStream_t stream) {
  EC_LAUNCH(turn_kernel, queries * taps, stream, map, queries, taps, rows, turned, trouble);
}
void count_pairs(const int32_t* map, int64_t rows, int64_t taps, int64_t* counts, cudaStream_t stream) {
  EC_LAUNCH(count_kernel, rows, stream, map, rows, taps, counts);
}
void list_pairs(const int32_t* map, int64_t rows, int64_t taps, const int64_t* starts, int32_t* in_rows, int32_t* out_rows, cudaStream_t stream) {
  EC_LAUNCH(list_kernel, rows, stream, map, rows, taps, starts, in_rows, out_rows);
}

}  // namespace earthcraft::gpu
