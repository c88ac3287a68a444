// Stable least-significant-digit radix sort of (key, index) pairs; digits that all keys share are skipped.
#pragma once

#include <cstdint>
#include <vector>

namespace earthcraft {

template <typename Key>
struct Keyed {
  Key key;
  int32_t index;
};

template <typename Key>
void radix_sort(std::vector<Keyed<Key>>& items, std::vector<Keyed<Key>>& scratch) {
  constexpr int kDigitBits = 11, kBuckets = 1 << kDigitBits;
  if (items.size() < 2) return;
  Key differing = 0;
  for (const Keyed<Key>& item : items) differing |= item.key ^ items.front().key;
  scratch.resize(items.size());
  for (int shift = 0; shift < static_cast<int>(8 * sizeof(Key)); shift += kDigitBits) {
    if (((differing >> shift) & (kBuckets - 1)) == 0) continue;
    size_t start[kBuckets] = {};
    for (const Keyed<Key>& item : items) ++start[(item.key >> shift) & (kBuckets - 1)];
    size_t total = 0;
    for (size_t& bucket : start) {
      const size_t count = bucket;
      bucket = total;
      total += count;
    }
    for (const Keyed<Key>& item : items) scratch[start[(item.key >> shift) & (kBuckets - 1)]++] = item;
    items.swap(scratch);
  }
}

}  // namespace earthcraft
