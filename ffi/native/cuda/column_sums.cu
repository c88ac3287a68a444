// A warp reads 256 columns of a row, 16 bytes a lane; the eight warps of a block take turns with the rows of their slice. A second kernel adds the
// slices in their order.

#include <cuda_bf16.h>

#include "column_sums.h"
#include "grid.cuh"

namespace earthcraft::gpu {
namespace {

constexpr int kPanel = 32 * kSumColumns;  // columns of a block
constexpr int kWarps = kThreads / 32;
constexpr int kBlocks = 4 * kProcessors;

struct Eight {
  float of[kSumColumns] = {};

  __device__ void add(const uint4& bits) {
    const auto* two = reinterpret_cast<const __nv_bfloat162*>(&bits);
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const float2 pair = __bfloat1622float2(two[i]);
      of[2 * i] += pair.x;
      of[2 * i + 1] += pair.y;
    }
  }
};

__global__ void __launch_bounds__(kThreads) slices_kernel(const __nv_bfloat16* x, int64_t rows, int64_t columns, int64_t length, float* partial) {
  __shared__ float sums[kWarps][kPanel];
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  const int64_t first = static_cast<int64_t>(blockIdx.x) * kPanel, column = first + lane * kSumColumns;
  const int64_t begin = blockIdx.y * length, end = min(begin + length, rows);
  Eight sum;
  if (column < columns) {
#pragma unroll 8
    for (int64_t row = begin + warp; row < end; row += kWarps) sum.add(__ldcs(reinterpret_cast<const uint4*>(x + row * columns + column)));
  }
#pragma unroll
  for (int i = 0; i < kSumColumns; ++i) sums[warp][lane * kSumColumns + i] = sum.of[i];
  __syncthreads();
  const int64_t mine = first + threadIdx.x;
  if (mine >= columns) return;
  float total = 0;
#pragma unroll
  for (int w = 0; w < kWarps; ++w) total += sums[w][threadIdx.x];
  partial[blockIdx.y * columns + mine] = total;
}

__global__ void __launch_bounds__(kThreads) add_slices(const float* partial, int64_t slices, int64_t columns, __nv_bfloat16* sums) {
  __shared__ float of_warps[kWarps][32];
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  const int64_t column = static_cast<int64_t>(blockIdx.x) * 32 + lane;
  float sum = 0;
  if (column < columns) {
#pragma unroll 8
    for (int64_t slice = warp; slice < slices; slice += kWarps) sum += partial[slice * columns + column];
  }
  of_warps[warp][lane] = sum;
  __syncthreads();
  if (warp > 0 || column >= columns) return;
  float total = 0;
#pragma unroll
  for (int w = 0; w < kWarps; ++w) total += of_warps[w][lane];
  sums[column] = __float2bfloat16(total);
}

}  // namespace

int64_t column_sum_slices(int64_t rows, int64_t columns) {
  const int64_t panels = blocks_for(columns, kPanel), most = blocks_for(rows, 4 * kWarps), wanted = blocks_for(kBlocks, panels > 0 ? panels : 1);
  return wanted < most ? wanted : most;
}

cudaError_t column_sums(const void* x, int64_t rows, int64_t columns, float* partial, void* sums, cudaStream_t stream) {
  if (columns == 0) return cudaSuccess;
  const int64_t slices = column_sum_slices(rows, columns), length = slices == 0 ? 0 : (rows + slices - 1) / slices;
  if (slices > 0) {
    const dim3 blocks(static_cast<unsigned>(blocks_for(columns, kPanel)), static_cast<unsigned>(slices));
    slices_kernel<<<blocks, kThreads, 0, stream>>>(static_cast<const __nv_bfloat16*>(x), rows, columns, length, partial);
  }
  add_slices<<<static_cast<unsigned>(blocks_for(columns, 32)), kThreads, 0, stream>>>(partial, slices, columns, static_cast<__nv_bfloat16*>(sums));
  return cudaGetLastError();
}

}  // namespace earthcraft::gpu
