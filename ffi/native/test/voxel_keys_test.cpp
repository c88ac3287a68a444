// Morton keys, beside bits that are put together one at a time; the radix sort, beside the library's stable sort.
#include <algorithm>

#include "kernel_test.h"
#include "kernels/mesh_cells.h"
#include "kernels/morton.h"
#include "ops/radix_sort.h"

namespace earthcraft::test {
namespace {

uint64_t interleaved(uint64_t x, uint64_t y, uint64_t z, int bits) {
  uint64_t key = 0;
  for (int bit = 0; bit < bits; ++bit) key |= (x >> bit & 1) << 3 * bit | (y >> bit & 1) << (3 * bit + 1) | (z >> bit & 1) << (3 * bit + 2);
  return key;
}

// The ends of an axis, both sides of every power of two, and values between.
std::vector<int32_t> along_axis(int bits) {
  std::vector<int32_t> values = {0, (1 << bits) - 1};
  for (int bit = 0; bit < bits; ++bit) values.insert(values.end(), {1 << bit, (1 << bit) - 1, (0x12D687 >> bit) & ((1 << bits) - 1)});
  return values;
}

TEST(MortonKey, InterleavesItsAxesBitByBitBelowTheBatchAndLeadsBack) {
  const std::vector<int32_t> axis = along_axis(16);
  const auto n = static_cast<int32_t>(axis.size());
  for (const int32_t batch : {0, 1, 0x2A5B, kBatchEnd - 1})
    for (int32_t i = 0; i < n; ++i)
      for (int32_t j = 0; j < n; ++j) {
        const Voxel v = {batch, axis[static_cast<size_t>(i)], axis[static_cast<size_t>(j)], axis[static_cast<size_t>((3 * i + 7 * j + 1) % n)]};
        const uint64_t key = morton_key(v);
        ASSERT_EQ(key, static_cast<uint64_t>(batch) << 48 | interleaved(v.x, v.y, v.z, 16));
        ASSERT_GE(static_cast<int64_t>(key), 0);
        const Voxel back = morton_voxel(key);
        ASSERT_EQ(std::make_tuple(back.batch, back.x, back.y, back.z), std::make_tuple(v.batch, v.x, v.y, v.z));
        ASSERT_EQ(coarser_key(key), morton_key({v.batch, v.x / 2, v.y / 2, v.z / 2}));
      }
}

TEST(MortonKey, OfCellsOfAMeshTakes21BitsAnAxis) {
  for (const int32_t x : along_axis(kAxisBits))
    for (const int32_t y : along_axis(kAxisBits)) {
      const int32_t z = (x ^ y) & ((1 << kAxisBits) - 1);
      const double cell[3] = {static_cast<double>(x), static_cast<double>(y), static_cast<double>(z)};
      const uint64_t key = cell_key(cell);
      ASSERT_EQ(key, interleaved(x, y, z, kAxisBits));
      ASSERT_EQ(compact_bits<kAxisBits>(key), x);
      ASSERT_EQ(compact_bits<kAxisBits>(key >> 1), y);
      ASSERT_EQ(compact_bits<kAxisBits>(key >> 2), z);
    }
}

TEST(MortonKey, BoundsAreThoseOfItsBits) {
  EXPECT_TRUE(within_bounds({kBatchEnd - 1, kAxisEnd - 1, kAxisEnd - 1, kAxisEnd - 1}));
  EXPECT_TRUE(within_bounds({0, 0, 0, 0}));
  for (const int32_t beyond : {kAxisEnd, -1, INT32_MIN, INT32_MAX}) {
    EXPECT_FALSE(within_bounds({0, beyond, 0, 0})) << beyond;
    EXPECT_FALSE(within_bounds({0, 0, beyond, 0})) << beyond;
    EXPECT_FALSE(within_bounds({0, 0, 0, beyond})) << beyond;
    EXPECT_FALSE(within_bounds({beyond == kAxisEnd ? kBatchEnd : beyond, 0, 0, 0})) << beyond;
  }
}

// Keys whose digits differ everywhere, only in the highest bits, only in the lowest, or not at all; many of them equal.
template <typename Key>
std::vector<std::vector<Keyed<Key>>> lists_of_keys() {
  constexpr Key kMost = std::numeric_limits<Key>::max();
  std::vector<std::vector<Keyed<Key>>> lists;
  for (const size_t count : {0, 1, 2, 3, 2047, 2048, 2049, 9000})
    for (const Key mask : {kMost, static_cast<Key>(~(kMost >> 3)), Key{7}, Key{0}, static_cast<Key>(kMost ^ (kMost >> 1) ^ 1)}) {
      uint64_t state = count + static_cast<uint64_t>(mask);
      std::vector<Keyed<Key>> keys(count);
      for (size_t i = 0; i < count; ++i) {
        state = state * 6364136223846793005ull + 1442695040888963407ull;
        keys[i] = {static_cast<Key>((state ^ state >> 29) & mask), static_cast<int32_t>(i)};
      }
      if (count > 2) keys[0].key = mask, keys[count - 1].key = 0;
      lists.push_back(std::move(keys));
    }
  return lists;
}

template <typename Key>
void expect_sorted() {
  for (const int64_t parts : {1, 2, 3, 16})
    for (std::vector<Keyed<Key>>& items : lists_of_keys<Key>()) {
      std::vector<Keyed<Key>> wanted = items, scratch;
      std::stable_sort(wanted.begin(), wanted.end(), [](const Keyed<Key>& a, const Keyed<Key>& b) { return a.key < b.key; });
      radix_sort(items, scratch, parts, [&](const auto& f) {
        for (int64_t part = parts - 1; part >= 0; --part) f(part);
      });
      ASSERT_EQ(items.size(), wanted.size());
      for (size_t i = 0; i < wanted.size(); ++i)
        ASSERT_EQ(std::make_pair(items[i].key, items[i].index), std::make_pair(wanted[i].key, wanted[i].index))
            << "of " << wanted.size() << ", " << parts;
    }
}

TEST(RadixSort, EqualsAStableSortUpToTheLargestKeys) {
  expect_sorted<uint64_t>();
  expect_sorted<uint32_t>();
}

}  // namespace
}  // namespace earthcraft::test
