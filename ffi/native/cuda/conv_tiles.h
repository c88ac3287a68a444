// The pairs of a sparse convolution in the orders that tensor cores like: what depends on the voxels alone, so that all layers of a set share it.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "../kernels/conv_block.h"

namespace earthcraft::gpu {

constexpr int kTileRows = 128;

// Output rows in tiles, those with most taps first. Rows that meet neighbours under the same taps lie in one tile, so few products of a tile are with
// rows that are not there.
struct ConvTiles {
  int64_t tiles, taps;  // taps: the most that a tile has
  int32_t* out_rows;    // [tiles, kTileRows]; −1 past the last row
  int32_t* counts;      // [tiles]: taps that any row of the tile has
  int32_t* tap;         // [tiles, taps]: the tap, and kFirstHalf or kSecondHalf where a row of that half has it
  int32_t* in_rows;     // [tiles, taps, kTileRows]; −1: no neighbour
};
constexpr int32_t kFirstHalf = 1 << 16, kSecondHalf = 1 << 17, kTapBits = kFirstHalf - 1;

// Taps first, first + step, first + 2 step ... below taps; at most 32.
struct TapGroup {
  int64_t first, step;
};

// table[out row, tap] = in row or −1
void conv_table(const ConvPairs& pairs, int32_t* table, cudaStream_t stream);
// keys[row]: what rows of few differing taps have close together, below 2^kTileKeyBits; numbers[row] = row
constexpr int kTileKeyBits = 36;
void conv_tile_keys(const int32_t* table, int64_t rows, int64_t taps, TapGroup group, int64_t* keys, int32_t* numbers, cudaStream_t stream);
// Rows in the order of their keys, cut into tiles. keys[tile]: small where a tile has many taps, below 2^kTileWeightBits; numbers[tile] = tile
constexpr int kTileWeightBits = 6;
void conv_tile_weights(const int32_t* table, int64_t rows, int64_t taps, TapGroup group, const int32_t* order, int64_t* keys, int32_t* numbers,
                       cudaStream_t stream);
// The tiles in the order of `numbers`.
void conv_tiles(const int32_t* table, int64_t rows, int64_t taps, TapGroup group, const int32_t* order, const int32_t* numbers,
                const ConvTiles& tiles, cudaStream_t stream);

// Pairs tap after tap, inside a tap in the order of output rows.
struct TapPairs {
  int64_t taps, blocks;
  const int32_t* in_rows;
  const int32_t* out_rows;
  const int64_t* starts;  // [taps * blocks + 1], by tap and then by block; a tap's first pair is starts[tap * blocks]
};
// counts[tap, block], then 0: what `starts` is the exclusive sum of
void conv_tap_counts(const ConvPairs& pairs, int64_t* counts, cudaStream_t stream);
void conv_tap_pairs(const ConvPairs& pairs, const int64_t* starts, int32_t* in_rows, int32_t* out_rows, cudaStream_t stream);

}  // namespace earthcraft::gpu
