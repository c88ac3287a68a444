#include "conv_tiles.h"
#include "grid.cuh"

namespace earthcraft::gpu {
namespace {

__global__ void table_kernel(ConvPairs pairs, int32_t* table) {
  const int64_t cell = static_cast<int64_t>(blockIdx.x) * (kThreads / 32) + threadIdx.x / 32;
  if (cell >= blocks_for(pairs.rows, kConvBlock) * pairs.taps) return;
  const int64_t end = pairs.starts[cell + 1];
  for (int64_t p = pairs.starts[cell] + threadIdx.x % 32; p < end; p += 32) {
    const auto row = static_cast<uint32_t>(pairs.out_rows[p]);
    if (row < pairs.rows) table[row * pairs.taps + cell % pairs.taps] = pairs.in_rows[p];
  }
}

__device__ uint32_t taps_of(const int32_t* table, int64_t row, int64_t taps, TapGroup group) {
  uint32_t mask = 0;
  for (int64_t tap = group.first, bit = 0; tap < taps; tap += group.step, ++bit) mask |= uint32_t{table[row * taps + tap] >= 0} << bit;
  return mask;
}

// Where the taps of a kernel of 3³ stand in a key: the eight corners highest, then the edges, then the faces. On a surface a row has few corners, and
// rows that share them share most.
struct TapBits {
  int of[27];
};
constexpr TapBits tap_bits() {
  TapBits bits{};
  int bit = 26;
  for (int away = 3; away >= 0; --away)
    for (int tap = 0; tap < 27; ++tap)
      if ((tap % 3 != 1) + (tap / 3 % 3 != 1) + (tap / 9 != 1) == away) bits.of[tap] = bit--;
  return bits;
}

// Taps in the order of a Gray code: neighbours in that order differ in few.
__device__ uint32_t gray_rank(uint32_t code) {
  for (int shift = 1; shift < 32; shift *= 2) code ^= code >> shift;
  return code;
}

__global__ void keys_kernel(const int32_t* table, int64_t rows, int64_t taps, TapGroup group, int64_t* keys, int32_t* numbers) {
  constexpr TapBits kBits = tap_bits();
  const int64_t row = thread_number();
  if (row >= rows) return;
  numbers[row] = static_cast<int32_t>(row);
  if (taps != 27) {
    keys[row] = gray_rank(taps_of(table, row, taps, group));
    return;
  }
  // The nine planes of a 3³ kernel that hold a neighbour come first: they tell which way a surface lies.
  uint32_t code = 0, planes = 0;
#pragma unroll
  for (int tap = 0; tap < 27; ++tap) {
    if (tap < group.first || (tap - group.first) % group.step != 0 || table[row * 27 + tap] < 0) continue;
    code |= 1u << kBits.of[tap];
    planes |= 1u << tap % 3 | 8u << tap / 3 % 3 | 64u << tap / 9;
  }
  keys[row] = int64_t{planes} << 27 | gray_rank(code);
}

// The taps that any row of a tile's first half has, and of its second.
struct TileTaps {
  uint32_t first, second;
};
__device__ TileTaps taps_of_tile(uint32_t mine) {
  __shared__ uint32_t of_warps[kTileRows / 32];
  const uint32_t of_warp = __reduce_or_sync(0xFFFFFFFFu, mine);
  if (threadIdx.x % 32 == 0) of_warps[threadIdx.x / 32] = of_warp;
  __syncthreads();
  return {of_warps[0] | of_warps[1], of_warps[2] | of_warps[3]};
}

__global__ void __launch_bounds__(kTileRows)
    weigh_kernel(const int32_t* table, int64_t rows, int64_t taps, TapGroup group, const int32_t* order, int64_t* keys, int32_t* numbers) {
  const int64_t at = static_cast<int64_t>(blockIdx.x) * kTileRows + threadIdx.x;
  const TileTaps tile = taps_of_tile(at < rows ? taps_of(table, order[at], taps, group) : 0);
  if (threadIdx.x != 0) return;
  keys[blockIdx.x] = 32 - __popc(tile.first | tile.second);
  numbers[blockIdx.x] = static_cast<int32_t>(blockIdx.x);
}

__global__ void __launch_bounds__(kTileRows)
    tiles_kernel(const int32_t* table, int64_t rows, int64_t taps, TapGroup group, const int32_t* order, const int32_t* numbers, ConvTiles t) {
  const int64_t tile = blockIdx.x, at = static_cast<int64_t>(numbers[tile]) * kTileRows + threadIdx.x;
  const int64_t row = at < rows ? order[at] : -1;
  const TileTaps any = taps_of_tile(row >= 0 ? taps_of(table, row, taps, group) : 0);
  t.out_rows[tile * kTileRows + threadIdx.x] = static_cast<int32_t>(row);
  if (threadIdx.x == 0) t.counts[tile] = __popc(any.first | any.second);
  int64_t slot = tile * t.taps;
  for (int64_t tap = group.first, bit = 0; tap < taps; tap += group.step, ++bit) {
    const int32_t halves = (any.first >> bit & 1 ? kFirstHalf : 0) | (any.second >> bit & 1 ? kSecondHalf : 0);
    if (halves == 0) continue;
    t.in_rows[slot * kTileRows + threadIdx.x] = row >= 0 ? table[row * taps + tap] : -1;
    if (threadIdx.x == 0) t.tap[slot] = static_cast<int32_t>(tap) | halves;
    ++slot;
  }
}

__global__ void counts_kernel(ConvPairs pairs, int64_t* counts) {
  const int64_t i = thread_number(), blocks = blocks_for(pairs.rows, kConvBlock), cells = blocks * pairs.taps;
  if (i > cells) return;
  const int64_t cell = i == cells ? cells : i % blocks * pairs.taps + i / blocks;
  counts[i] = i == cells ? 0 : pairs.starts[cell + 1] - pairs.starts[cell];
}

__global__ void tap_pairs_kernel(ConvPairs pairs, const int64_t* starts, int32_t* in_rows, int32_t* out_rows) {
  const int64_t i = static_cast<int64_t>(blockIdx.x) * (kThreads / 32) + threadIdx.x / 32, blocks = blocks_for(pairs.rows, kConvBlock);
  if (i >= blocks * pairs.taps) return;
  const int64_t from = pairs.starts[i % blocks * pairs.taps + i / blocks], to = starts[i], count = starts[i + 1] - to;
  for (int64_t p = threadIdx.x % 32; p < count; p += 32) {
    in_rows[to + p] = pairs.in_rows[from + p];
    out_rows[to + p] = pairs.out_rows[from + p];
  }
}

}  // namespace

void conv_table(const ConvPairs& pairs, int32_t* table, cudaStream_t stream) {
  cudaMemsetAsync(table, 0xFF, pairs.rows * pairs.taps * sizeof(int32_t), stream);
  EC_LAUNCH(table_kernel, blocks_for(pairs.rows, kConvBlock) * pairs.taps * 32, stream, pairs, table);
}
void conv_tile_keys(const int32_t* table, int64_t rows, int64_t taps, TapGroup group, int64_t* keys, int32_t* numbers, cudaStream_t stream) {
  EC_LAUNCH(keys_kernel, rows, stream, table, rows, taps, group, keys, numbers);
}
void conv_tile_weights(const int32_t* table, int64_t rows, int64_t taps, TapGroup group, const int32_t* order, int64_t* keys, int32_t* numbers,
                       cudaStream_t stream) {
  if (rows > 0)
    weigh_kernel<<<static_cast<unsigned>(blocks_for(rows, kTileRows)), kTileRows, 0, stream>>>(table, rows, taps, group, order, keys, numbers);
}
void conv_tiles(const int32_t* table, int64_t rows, int64_t taps, TapGroup group, const int32_t* order, const int32_t* numbers,
                const ConvTiles& tiles, cudaStream_t stream) {
  if (rows > 0) tiles_kernel<<<static_cast<unsigned>(tiles.tiles), kTileRows, 0, stream>>>(table, rows, taps, group, order, numbers, tiles);
}
void conv_tap_counts(const ConvPairs& pairs, int64_t* counts, cudaStream_t stream) {
  EC_LAUNCH(counts_kernel, blocks_for(pairs.rows, kConvBlock) * pairs.taps + 1, stream, pairs, counts);
}
void conv_tap_pairs(const ConvPairs& pairs, const int64_t* starts, int32_t* in_rows, int32_t* out_rows, cudaStream_t stream) {
  EC_LAUNCH(tap_pairs_kernel, blocks_for(pairs.rows, kConvBlock) * pairs.taps * 32, stream, pairs, starts, in_rows, out_rows);
}

}  // namespace earthcraft::gpu
