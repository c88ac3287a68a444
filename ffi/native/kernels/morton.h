// Keys of voxels in Morton order.
//
// A voxel is (batch, x, y, z), 16 bits an axis. Its key interleaves z, y, x (x lowest) below the batch, so that the children of a cell are
// 8 · key + (x + 2y + 4z), an aligned cube of any power of two is one run of keys, and a batch's voxels lie together.
#pragma once

#include <cstdint>

#include "host_device.h"

namespace earthcraft {

constexpr int32_t kAxisEnd = 1 << 16;   // 65,536 voxels: 36 km at 0.556 m
constexpr int32_t kBatchEnd = 1 << 15;  // keys stay positive as int64

struct Voxel {
  int32_t batch, x, y, z;
};

// Bit i of v goes to bit 3 i; v < 2^kBits, 21 bits at most.
template <int kBits = 16>
EC_HOST_DEVICE inline uint64_t spread_bits(uint64_t v) {
  static_assert(kBits <= 21, "three axes share 63 bits");
  if (kBits > 16) v = (v | v << 32) & 0x1F00000000FFFFull;
  v = (v | v << 16) & 0x1F0000FF0000FFull;
  v = (v | v << 8) & 0x100F00F00F00F00Full;
  v = (v | v << 4) & 0x10C30C30C30C30C3ull;
  return (v | v << 2) & 0x1249249249249249ull;
}

// Bit 3 i of v goes to bit i < kBits; what stands between and above is left out.
template <int kBits = 16>
EC_HOST_DEVICE inline int32_t compact_bits(uint64_t v) {
  static_assert(kBits <= 21, "three axes share 63 bits");
  v &= 0x1249249249249249ull;
  v = (v | v >> 2) & 0x10C30C30C30C30C3ull;
  v = (v | v >> 4) & 0x100F00F00F00F00Full;
  v = (v | v >> 8) & 0x1F0000FF0000FFull;
  v = (v | v >> 16) & 0x1F00000000FFFFull;
  if (kBits > 16) v |= v >> 32;
  return static_cast<int32_t>(v & ((uint64_t{1} << kBits) - 1));
}

EC_HOST_DEVICE inline uint64_t morton_key(const Voxel& v) {
  return static_cast<uint64_t>(v.batch) << 48 | spread_bits(static_cast<uint64_t>(v.x)) | spread_bits(static_cast<uint64_t>(v.y)) << 1 |
         spread_bits(static_cast<uint64_t>(v.z)) << 2;
}

EC_HOST_DEVICE inline Voxel morton_voxel(uint64_t key) {
  return {static_cast<int32_t>(key >> 48), compact_bits(key), compact_bits(key >> 1), compact_bits(key >> 2)};
}

// The cell of edge 2 that holds a voxel.
EC_HOST_DEVICE inline uint64_t coarser_key(uint64_t key) { return (key >> 48 << 48) | (key & 0xFFFFFFFFFFFFull) >> 3; }

EC_HOST_DEVICE inline bool within_axes(int32_t x, int32_t y, int32_t z) { return static_cast<uint32_t>(x | y | z) < static_cast<uint32_t>(kAxisEnd); }
EC_HOST_DEVICE inline bool within_bounds(const Voxel& v) {
  return within_axes(v.x, v.y, v.z) && static_cast<uint32_t>(v.batch) < static_cast<uint32_t>(kBatchEnd);
}

}  // namespace earthcraft
