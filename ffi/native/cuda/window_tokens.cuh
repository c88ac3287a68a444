// A window's tokens in shared memory, a head at a time, and the fragments of tensor cores read from there.
#pragma once

#include "../kernels/window_shares.h"
#include "attention.h"
#include "bf16_pairs.cuh"
#include "gemm_tile.cuh"
#include "grid.cuh"
#include "window_attention.h"

namespace earthcraft::gpu {

using Half = __nv_bfloat16;

constexpr int kStrip = 16;           // rows that a warp multiplies
constexpr int kOwn = 4 * kStrip;     // rows that four warps have at a time
constexpr int kSlots = kWindowRows;  // rows of every tensor that shared memory holds: of some heads of a small set, or of one head
constexpr int kChunk = 2 * kOwn;     // rows in which a longer set passes
constexpr int kMostStages = 4;       // heads under way at a time

constexpr float kLog2E = 1.4426950408889634f;

// Rows of D channels in shared memory: a row's copies of 16 bytes are turned against those of its neighbours, so that those at one place of eight
// rows lie in different banks.
template <int D>
struct Turned {
  static constexpr int kDim = D, kAcross = D / kPerCopy<Half>, kStride = D;
  __device__ static int place(int row, int copy) { return (copy ^ (row / (8 / kAcross) % kAcross)) * kPerCopy<Half>; }
};

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

// The chunks of a set as the own rows from `home`'s chunk on want them: that one comes first.
struct Passes {
  const int64_t* order;
  int64_t begin;
  int count, home;  // tokens of the set; the first row of the chunk that holds the own rows

  __device__ Passes(const int64_t* of_order, int64_t first, int tokens, int own)
      : order(of_order), begin(first), count(tokens), home(own / kChunk * kChunk) {}
  __device__ int chunks() const { return (count + kChunk - 1) / kChunk; }
  __device__ Chunk chunk(int pass) const { return part((home / kChunk + pass) % chunks() * kChunk, kChunk); }
  __device__ Chunk part(int first, int most) const { return {order, begin + first, min(most, count - first)}; }
};

// The tokens of a set, or of a part of it, by a list in shared memory that is read once for all heads.
struct Listed {
  const unsigned* tokens;
  int count;
  __device__ int rows() const { return (count + kStrip - 1) / kStrip * kStrip; }
  __device__ unsigned token(int row) const { return tokens[row]; }
  __device__ Listed part(int first, int most) const { return {tokens + first, min(most, count - first)}; }
};

struct Fetched {
  Rows from;
  Half* to;
};
// Rows [count, D] of several tensors by copies of 16 bytes; `threads` of them, of which this is number `thread`, take turns.
template <typename L, int kUnroll, typename Of, typename... Sources>
__device__ void fetch_tokens(const Of& chunk, int thread, int threads, Sources... sources) {
  const int copy = thread % L::kAcross, d = copy * kPerCopy<Half>;
#pragma unroll kUnroll
  for (int row = thread / L::kAcross; row < chunk.rows(); row += threads / L::kAcross) {
    const bool there = row < chunk.count;
    const unsigned token = there ? chunk.token(row) : 0;
    (copy_async(sources.to + row * L::kStride + L::place(row, copy), sources.from.at(token) + d, there), ...);
  }
}

// All but the last `open` groups of this thread's copies have arrived; fewer than kMostStages.
__device__ inline void await_copies_but(int open) {
  switch (open) {
    case 0:
      return await_copies<0>();
    case 1:
      return await_copies<1>();
    case 2:
      return await_copies<2>();
    default:
      return await_copies<3>();
  }
}

// work(h) for every head, while the copies that fetch(h) starts for the next ones are under way; head h lies in stage h % stages.
template <typename Fetch, typename Work>
__device__ void each_head(int heads, int stages, Fetch&& fetch, Work&& work) {
  const auto start = [&](int h) {
    if (h < heads) fetch(h);
    close_copies();
  };
  for (int h = 0; h < stages; ++h) start(h);
  for (int h = 0; h < heads; ++h) {
    await_copies_but(stages - 1);
    __syncthreads();
    work(h);
    __syncthreads();
    start(h + stages);
  }
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
  // To the rows of `strip`'s tokens.
  template <typename Of>
  __device__ void store(const Rows& to, const Of& strip) const {
    const int row = threadIdx.x % 32 / 4, quarter = threadIdx.x % 4;
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const bool there = row + half * 8 < strip.count;
      Half* at = there ? to.at(strip.token(row + half * 8)) : nullptr;
      if constexpr (L::kDim < 32) {
#pragma unroll
        for (int tile = 0; tile < L::kDim / 8; ++tile)
          if (there) *reinterpret_cast<unsigned*>(at + tile * 8 + quarter * 2) = pack(tiles[tile][2 * half], tiles[tile][2 * half + 1]);
      } else {
#pragma unroll
        for (int tile = 0; tile < L::kDim / 8; tile += 4) {
          unsigned packed[4];
#pragma unroll
          for (int i = 0; i < 4; ++i) packed[i] = pack(tiles[tile + i][2 * half], tiles[tile + i][2 * half + 1]);
          turn_four(packed);
          if (there) *reinterpret_cast<uint4*>(at + (tile + quarter) * 8) = make_uint4(packed[0], packed[1], packed[2], packed[3]);
        }
      }
    }
  }
};

// What a block of threads has: some heads of one set.
struct SetHeads {
  int64_t begin, head;
  int count, heads;

  __device__ SetHeads(const Attention& t, const int64_t* longest_first, const WindowShares& shares) {
    const WindowShare share = shares.of(blockIdx.x);
    const int64_t set = longest_first[share.set];
    begin = t.q_starts[set], head = share.head;
    count = static_cast<int>(t.q_starts[set + 1] - begin), heads = share.heads;
  }
  // Into shared memory. The block's threads meet behind it.
  __device__ Listed list(const int64_t* order, unsigned* tokens) const {
    for (int row = threadIdx.x; row < count; row += blockDim.x)
      tokens[row] = static_cast<unsigned>(order != nullptr ? order[begin + row] : begin + row);
    __syncthreads();
    return {tokens, count};
  }
};

}  // namespace earthcraft::gpu
