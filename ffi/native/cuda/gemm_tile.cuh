// Products of small tiles held in shared memory, which asynchronous copies fill some steps ahead. bf16 multiplies on tensor cores (mma.sync, from
// sm_80), f32 and f64 by fused multiply-add, f32 in full precision.
#pragma once

#include <cstdint>

#include "element.cuh"

namespace earthcraft::gpu {

// 16 bytes from global to shared memory; zeros where there is nothing to read.
__device__ inline void copy_async(void* shared, const void* global, bool there) {
  const auto to = static_cast<unsigned>(__cvta_generic_to_shared(shared));
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;\n" ::"r"(to), "l"(global), "r"(there ? 16 : 0));
}
__device__ inline void close_copies() { asm volatile("cp.async.commit_group;\n"); }
// All but the last `open` groups have arrived, those of this thread.
template <int open>
__device__ inline void await_copies() {
  asm volatile("cp.async.wait_group %0;\n" ::"n"(open));
}

template <typename T>
constexpr int kPerCopy = 16 / sizeof(T);  // elements of a copy; also what pads rows, so that eight rows meet different banks

// Four 8 × 8 tiles of bf16; `address` is that of row lane % 8 of tile lane / 8.
__device__ inline void load_tiles(unsigned (&to)[4], const __nv_bfloat16* address) {
  const auto from = static_cast<unsigned>(__cvta_generic_to_shared(address));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];\n" : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3]) : "r"(from));
}
__device__ inline void load_tiles_turned(unsigned (&to)[4], const __nv_bfloat16* address) {
  const auto from = static_cast<unsigned>(__cvta_generic_to_shared(address));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];\n"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "r"(from));
}
// c [16, 8] += a [16, 16] · b [16, 8]
__device__ inline void multiply_tile(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};\n"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// What one thread of a block of 256 holds of a product [M, N], and where. `a` is [M, K] (or [K, M] where A is read turned), `b` [K, N].
// For bf16 a warp holds 16 rows by N / (8 / (M / 16)) columns; else a thread holds M / 16 rows by N / 16 columns.
template <typename T, int M, int N, int K, bool turned>
struct TileProduct {
  static constexpr int kRows = M / 16, kColumns = N / 16;
  static constexpr int kStrideA = (turned ? M : K) + kPerCopy<T>, kStrideB = N + kPerCopy<T>;
  sum_t<T> sums[kRows][kColumns] = {};

  __device__ void clear() {
    for (auto& row : sums)
      for (auto& sum : row) sum = 0;
  }

  // Rows at or beyond `rows` hold zeros and are not wanted.
  __device__ void add(const T* a, const T* b, int rows) {
    const int y = threadIdx.x / 16 * kRows, x = threadIdx.x % 16 * kColumns;
    if (y >= rows) return;
#pragma unroll 4
    for (int k = 0; k < K; ++k) {
      sum_t<T> left[kRows], right[kColumns];
#pragma unroll
      for (int i = 0; i < kRows; ++i) left[i] = turned ? a[k * kStrideA + y + i] : a[(y + i) * kStrideA + k];
#pragma unroll
      for (int j = 0; j < kColumns; ++j) right[j] = b[k * kStrideB + x + j];
#pragma unroll
      for (int i = 0; i < kRows; ++i)
#pragma unroll
        for (int j = 0; j < kColumns; ++j) sums[i][j] += left[i] * right[j];
    }
  }

  // body(row, first column, two sums that stand side by side)
  template <typename Body>
  __device__ void each_two(Body&& body) {
    const int y = threadIdx.x / 16 * kRows, x = threadIdx.x % 16 * kColumns;
#pragma unroll
    for (int i = 0; i < kRows; ++i)
#pragma unroll
      for (int j = 0; j < kColumns; j += 2) body(y + i, x + j, sums[i][j], sums[i][j + 1]);
  }
};

template <int M, int N, int K, bool turned>
struct TileProduct<__nv_bfloat16, M, N, K, turned> {
  using T = __nv_bfloat16;
  static constexpr int kWarpsDown = M / 16, kWarpsAcross = 8 / kWarpsDown;
  static constexpr int kWidth = N / kWarpsAcross, kTiles = kWidth / 8;
  static_assert(8 % kWarpsDown == 0 && kWidth % 16 == 0 && K % 16 == 0, "tiles of 16");
  static constexpr int kStrideA = (turned ? M : K) + kPerCopy<T>, kStrideB = N + kPerCopy<T>;
  float sums[kTiles][4] = {};

  __device__ void clear() {
    for (auto& tile : sums)
      for (float& sum : tile) sum = 0;
  }

  __device__ void add(const T* a, const T* b, int rows) {
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, y = warp % kWarpsDown * 16, x = warp / kWarpsDown * kWidth;
    if (y >= rows) return;
    const int row = lane % 8, odd = lane / 8 % 2 * 8, high = lane / 16 * 8;
#pragma unroll
    for (int k = 0; k < K; k += 16) {
      unsigned left[4], right[4];
      if (turned)
        load_tiles_turned(left, a + (k + high + row) * kStrideA + y + odd);
      else
        load_tiles(left, a + (y + odd + row) * kStrideA + k + high);
#pragma unroll
      for (int tile = 0; tile < kTiles; tile += 2) {
        load_tiles_turned(right, b + (k + odd + row) * kStrideB + x + tile * 8 + high);
        multiply_tile(sums[tile], left, right[0], right[1]);
        multiply_tile(sums[tile + 1], left, right[2], right[3]);
      }
    }
  }

  template <typename Body>
  __device__ void each_two(Body&& body) {
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, y = warp % kWarpsDown * 16 + lane / 4, x = warp / kWarpsDown * kWidth + lane % 4 * 2;
#pragma unroll
    for (int tile = 0; tile < kTiles; ++tile) {
      body(y, x + tile * 8, sums[tile][0], sums[tile][1]);
      body(y + 8, x + tile * 8, sums[tile][2], sums[tile][3]);
    }
  }
};

}  // namespace earthcraft::gpu
