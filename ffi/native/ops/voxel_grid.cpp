#include "voxel_grid.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <numeric>

namespace earthcraft {
namespace {

uint64_t scramble(uint64_t key) {
  key *= 0x9E3779B97F4A7C15ull;
  return key ^ key >> 32;
}

}  // namespace

at::Tensor checked_coords(const char* op, const char* argument, const at::Tensor& coords) {
  TORCH_CHECK(coords.dim() == 2 && coords.size(1) == 4 && coords.scalar_type() == at::kInt, op, ": ", argument,
              " must be int32 [N, 4] (batch, x, y, z), got ", coords.scalar_type(), " ", coords.sizes());
  TORCH_CHECK(coords.size(0) <= INT32_MAX, op, ": ", argument, " has ", coords.size(0), " voxels, at most ", INT32_MAX, " are possible");
  at::Tensor rows = coords.contiguous();
  const int32_t* c = rows.const_data_ptr<int32_t>();
  for (int64_t i = 0; i < rows.size(0); ++i, c += 4) {
    TORCH_CHECK_INDEX(within_bounds({c[0], c[1], c[2], c[3]}), op, ": ", argument, " row ", i, " is (batch ", c[0], ", x ", c[1], ", y ", c[2], ", z ", c[3],
                      "), but x, y, z must lie in [0, ", kAxisEnd, ") and batch in [0, ", kBatchEnd, ")");
  }
  return rows;
}

std::vector<uint64_t> keys_of(const at::Tensor& coords) {
  std::vector<uint64_t> keys(coords.size(0));
  const int32_t* c = coords.const_data_ptr<int32_t>();
  at::parallel_for(0, coords.size(0), 1 << 15, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) keys[i] = morton_key({c[4 * i], c[4 * i + 1], c[4 * i + 2], c[4 * i + 3]});
  });
  return keys;
}

at::Tensor coords_of(const std::vector<uint64_t>& keys) {
  const auto n = static_cast<int64_t>(keys.size());
  at::Tensor coords = at::empty({n, 4}, at::TensorOptions().dtype(at::kInt));
  int32_t* c = coords.mutable_data_ptr<int32_t>();
  at::parallel_for(0, n, 1 << 15, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const Voxel v = morton_voxel(keys[i]);
      c[4 * i] = v.batch, c[4 * i + 1] = v.x, c[4 * i + 2] = v.y, c[4 * i + 3] = v.z;
    }
  });
  return coords;
}

void sort_keys(std::vector<uint64_t>& keys, std::vector<int32_t>& order) {
  const size_t n = keys.size();
  order.resize(n);
  std::iota(order.begin(), order.end(), 0);
  if (std::is_sorted(keys.begin(), keys.end())) return;
  uint64_t varying = 0;
  for (const uint64_t key : keys) varying |= key ^ keys[0];
  constexpr int kBits = 11;
  std::vector<uint64_t> other_keys(n);
  std::vector<int32_t> other_order(n);
  for (int shift = 0; shift < 64; shift += kBits) {  // least significant digit first; digits that never vary are skipped
    if ((varying >> shift & ((1 << kBits) - 1)) == 0) continue;
    std::array<size_t, (1 << kBits) + 1> starts{};
    for (const uint64_t key : keys) ++starts[(key >> shift & ((1 << kBits) - 1)) + 1];
    for (int d = 0; d < 1 << kBits; ++d) starts[d + 1] += starts[d];
    for (size_t i = 0; i < n; ++i) {
      const size_t to = starts[keys[i] >> shift & ((1 << kBits) - 1)]++;
      other_keys[to] = keys[i];
      other_order[to] = order[i];
    }
    keys.swap(other_keys);
    order.swap(other_order);
  }
}

void sort_unique(std::vector<uint64_t>& keys) {
  std::vector<int32_t> order;
  sort_keys(keys, order);
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
}

VoxelGrid::VoxelGrid(const char* op, const char* argument, const at::Tensor& coords) {
  const at::Tensor rows = checked_coords(op, argument, coords);
  keys_ = keys_of(rows);
  sort_keys(keys_, order_);
  for (size_t i = 1; i < keys_.size(); ++i)
    if (keys_[i] == keys_[i - 1]) {
      const Voxel v = morton_voxel(keys_[i]);
      TORCH_CHECK_INDEX(false, op, ": ", argument, " holds voxel (batch ", v.batch, ", x ", v.x, ", y ", v.y, ", z ", v.z, ") twice, in rows ",
                        order_[i - 1], " and ", order_[i], "; voxel_unique merges duplicates");
    }
  if (std::is_sorted(order_.begin(), order_.end())) order_.clear();

  for (size_t i = 0; i < keys_.size(); ++i) {
    const uint64_t leaf_key = keys_[i] >> 9;
    if (leaves_.empty() || leaves_.back().key != leaf_key) {
      leaves_.emplace_back();
      leaves_.back().key = leaf_key;
      leaves_.back().start = static_cast<int32_t>(i);
    }
    leaves_.back().mask[keys_[i] >> 6 & 7] |= 1ull << (keys_[i] & 63);
  }
  size_t slots = 16;
  while (slots < 2 * leaves_.size()) slots *= 2;
  slots_.assign(slots, -1);
  slot_mask_ = slots - 1;
  for (size_t l = 0; l < leaves_.size(); ++l) {
    Leaf& leaf = leaves_[l];
    for (int word = 1; word < 8; ++word) leaf.before[word] = static_cast<uint16_t>(leaf.before[word - 1] + count_bits(leaf.mask[word - 1]));
    uint64_t slot = scramble(leaf.key) & slot_mask_;
    while (slots_[slot] >= 0) slot = (slot + 1) & slot_mask_;
    slots_[slot] = static_cast<int32_t>(l);
  }
}

const VoxelGrid::Leaf* VoxelGrid::leaf(uint64_t leaf_key) const {
  for (uint64_t slot = scramble(leaf_key) & slot_mask_; slots_[slot] >= 0; slot = (slot + 1) & slot_mask_)
    if (leaves_[slots_[slot]].key == leaf_key) return &leaves_[slots_[slot]];
  return nullptr;
}

int32_t VoxelGrid::find(uint64_t key) const {
  const Leaf* found = leaf(key >> 9);
  return found == nullptr ? -1 : find_in(*found, key & 511);
}

}  // namespace earthcraft
