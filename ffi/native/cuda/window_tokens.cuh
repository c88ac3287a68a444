// A window's tokens in shared memory, a head at a time, and the fragments of tensor cores read from there.
#pragma once

#include "attention.h"
#include "gemm_tile.cuh"
#include "grid.cuh"

namespace earthcraft::gpu {

using Half = __nv_bfloat16;

constexpr int kStrip = 16;           // rows that a warp multiplies
constexpr int kOwn = 4 * kStrip;     // rows that four warps have at a time
constexpr int kMostRows = 2 * kOwn;  // rows in shared memory; a longer set passes in chunks of so many

// How rows of D channels lie in shared memory, so that the copies of 16 bytes at one place of eight rows lie in different banks. `Turned`: a row's
// copies are turned against those of its neighbours, which takes no room, and arithmetic for every address. `Padded`: rows lie 16 bytes further
// apart.
template <int D>
struct Turned {
  static constexpr int kDim = D, kAcross = D / kPerCopy<Half>, kStride = D;
  __device__ static int place(int row, int copy) { return (copy ^ (row / (8 / kAcross) % kAcross)) * kPerCopy<Half>; }
};
template <int D>
struct Padded {
  static constexpr int kDim = D, kAcross = D / kPerCopy<Half>, kStride = D + kPerCopy<Half>;
  __device__ static int place(int row, int copy) { return copy * kPerCopy<Half>; }
};

// The rows that are kept in shared memory for sets of up to `longest` tokens: whole strips.
constexpr int rows_kept(int64_t longest) { return longest >= kMostRows ? kMostRows : static_cast<int>((longest + kStrip - 1) / kStrip * kStrip); }

// Rows of one tensor and head; numbers of tokens and strides are below 2³².
struct Rows {
  Half* data;
  unsigned stride;
  __device__ Rows(const Tokens& t, int64_t head)
      : data(static_cast<Half*>(t.data) + head * t.head_stride), stride(static_cast<unsigned>(t.row_stride)) {}
  __device__ Half* at(unsigned token) const { return data + static_cast<uint64_t>(token) * stride; }
};

// The part of a set that lies in shared memory: tokens [first, first + count) in their order, and zeros up to a whole strip.
struct Chunk {
  const int64_t* order;
  int64_t first;
  int count;
  __device__ int rows() const { return (count + kStrip - 1) / kStrip * kStrip; }
  __device__ unsigned token(int row) const { return static_cast<unsigned>(order != nullptr ? order[first + row] : first + row); }
};

struct Fetched {
  Rows from;
  Half* to;
};
// Rows [count, D] of several tensors by copies of 16 bytes; `threads` of them, of which this is number `thread`, take turns.
template <typename L, typename... Sources>
__device__ void fetch_tokens(const Chunk& chunk, int thread, int threads, Sources... sources) {
  const int copy = thread % L::kAcross, d = copy * kPerCopy<Half>;
#pragma unroll 4
  for (int row = thread / L::kAcross; row < chunk.rows(); row += threads / L::kAcross) {
    const bool there = row < chunk.count;
    const unsigned token = there ? chunk.token(row) : 0;
    (copy_async(sources.to + row * L::kStride + L::place(row, copy), sources.from.at(token) + d, there), ...);
  }
}

// A warp's 16 rows from shared memory to their tokens, 16 bytes a lane.
template <typename L>
__device__ void store_strip(const Half* rows, const Rows& to, const Chunk& strip) {
  const int lane = threadIdx.x % 32, copy = lane % L::kAcross;
#pragma unroll
  for (int row = lane / L::kAcross; row < kStrip; row += 32 / L::kAcross)
    if (row < strip.count)
      *reinterpret_cast<int4*>(to.at(strip.token(row)) + copy * kPerCopy<Half>) =
          *reinterpret_cast<const int4*>(rows + row * L::kStride + L::place(row, copy));
}

// Where a lane finds its rows of four 8 × 8 tiles of a strip: [16 rows, 16 columns] as the left operand, or, read turned, as the right one; and
// [16 columns of the product, 16 steps] as the right operand. `tile`: first column / 8.
template <typename L>
__device__ const Half* left_at(const Half* rows, int tile) {
  const int lane = threadIdx.x % 32;
  return rows + lane % 16 * L::kStride + L::place(lane % 8, tile + lane / 16);
}
template <typename L>
__device__ const Half* right_at(const Half* rows, int tile) {
  const int lane = threadIdx.x % 32;
  return rows + (lane / 16 * 8 + lane % 8) * L::kStride + L::place(lane % 8, tile + lane / 8 % 2);
}

// 16 rows as a left operand, held in registers.
template <typename L>
struct Strip {
  unsigned tiles[L::kDim / 16][4];
  __device__ void load(const Half* rows) {
#pragma unroll
    for (int k = 0; k < L::kDim / 16; ++k) load_tiles(tiles[k], left_at<L>(rows, 2 * k));
  }
  // two [16, 8] tiles of this · rowsᵀ for 16 of `rows`
  __device__ void times_turned(const Half* rows, float (&left)[4], float (&right)[4]) const {
#pragma unroll
    for (int k = 0; k < L::kDim / 16; ++k) {
      unsigned b[4];
      load_tiles(b, right_at<L>(rows, 2 * k));
      multiply_tile(left, tiles[k], b[0], b[1]);
      multiply_tile(right, tiles[k], b[2], b[3]);
    }
  }
};

// Two ulp, and zero below the normal numbers.
__device__ inline float power_of_two(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

__device__ inline unsigned pack(float low, float high) {
  const __nv_bfloat162 two = __floats2bfloat162_rn(low, high);
  return reinterpret_cast<const unsigned&>(two);
}
// Two [16, 8] products side by side are the left operand of the next product.
__device__ inline void as_left(const float (&low)[4], const float (&high)[4], unsigned (&to)[4]) {
  to[0] = pack(low[0], low[1]), to[1] = pack(low[2], low[3]), to[2] = pack(high[0], high[1]), to[3] = pack(high[2], high[3]);
}

// [16, D] sums of a warp.
template <typename L>
struct StripSums {
  float tiles[L::kDim / 8][4] = {};

  // += weights [16, 16] · rows [16, D]
  __device__ void add(const unsigned (&weights)[4], const Half* rows) {
#pragma unroll
    for (int tile = 0; tile < L::kDim / 8; tile += 2) {
      unsigned b[4];
      load_tiles_turned(b, left_at<L>(rows, tile));
      multiply_tile(tiles[tile], weights, b[0], b[1]);
      multiply_tile(tiles[tile + 1], weights, b[2], b[3]);
    }
  }
  // Rows lane / 4 and lane / 4 + 8 by a factor each.
  __device__ void scale(float upper, float lower) {
#pragma unroll
    for (auto& tile : tiles) tile[0] *= upper, tile[1] *= upper, tile[2] *= lower, tile[3] *= lower;
  }
  __device__ void write(Half* rows) const {
    const int row = threadIdx.x % 32 / 4, within = threadIdx.x % 4 * 2;
#pragma unroll
    for (int tile = 0; tile < L::kDim / 8; ++tile) {
      Half* at = rows + row * L::kStride + L::place(row, tile) + within;
      *reinterpret_cast<unsigned*>(at) = pack(tiles[tile][0], tiles[tile][1]);
      *reinterpret_cast<unsigned*>(at + 8 * L::kStride) = pack(tiles[tile][2], tiles[tile][3]);
    }
  }
};

}  // namespace earthcraft::gpu
