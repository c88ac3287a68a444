// A set of voxels prepared for look-ups: Morton keys in order, grouped into 8³ leaves with an occupancy mask each.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <vector>

#include "../kernels/morton.h"

namespace earthcraft {

inline int32_t count_bits(uint64_t v) {  // the baseline processor has no instruction for it
  v -= v >> 1 & 0x5555555555555555ull;
  v = (v & 0x3333333333333333ull) + (v >> 2 & 0x3333333333333333ull);
  return static_cast<int32_t>(((v + (v >> 4)) & 0x0F0F0F0F0F0F0F0Full) * 0x0101010101010101ull >> 56);
}

// Checks int32 [N, 4] on the CPU, every coordinate within [0, 65536) and batch within [0, 32768), naming the first bad row; returns them contiguous.
at::Tensor checked_coords(const char* op, const char* argument, const at::Tensor& coords);

std::vector<uint64_t> keys_of(const at::Tensor& checked_coords);
at::Tensor coords_of(const std::vector<uint64_t>& keys);

// Sorts keys; order[i] is where the i-th smallest stood (equal keys keep their order). Already sorted input is noticed.
void sort_keys(std::vector<uint64_t>& keys, std::vector<int32_t>& order);
void sort_unique(std::vector<uint64_t>& keys);

class VoxelGrid {
 public:
  // Unique voxels in any order. Duplicates are an error that names both rows.
  VoxelGrid(const char* op, const char* argument, const at::Tensor& coords);

  struct Leaf {
    uint64_t key = 0;  // keys >> 9
    int32_t start = 0;
    std::array<uint64_t, 8> mask{};
    std::array<uint16_t, 8> before{};  // voxels in earlier words
  };

  // Row of the voxel in the coords given, or -1.
  int32_t find(uint64_t key) const;
  const Leaf* leaf(uint64_t leaf_key) const;
  // `bits` are the low 9 bits of a key.
  int32_t find_in(const Leaf& leaf, uint32_t bits) const {
    // Which neighbours exist cannot be foreseen, so there is no branch on it.
    const uint64_t mask = leaf.mask[bits >> 6], bit = 1ull << (bits & 63);
    const int32_t sorted = leaf.start + leaf.before[bits >> 6] + count_bits(mask & (bit - 1));
    const int32_t there = -static_cast<int32_t>(mask >> (bits & 63) & 1);  // all ones or 0
    return (order_.empty() ? sorted : order_[sorted & there]) | ~there;
  }

  int64_t size() const { return static_cast<int64_t>(keys_.size()); }
  const std::vector<uint64_t>& sorted_keys() const { return keys_; }

 private:
  std::vector<uint64_t> keys_;
  std::vector<int32_t> order_;  // empty where the coords came in Morton order
  std::vector<Leaf> leaves_;
  std::vector<int32_t> slots_;  // open addressing: leaf number or -1
  uint64_t slot_mask_ = 0;
};

}  // namespace earthcraft
