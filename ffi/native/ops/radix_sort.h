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

// Cuts the items into `parts`, which each(f) sorts together: it calls f(part) for every part, in any order or at once. A stable order is one order,
// so the cut decides nothing that is seen.
template <typename Key, typename Each>
void radix_sort(std::vector<Keyed<Key>>& items, std::vector<Keyed<Key>>& scratch, int64_t parts, const Each& each) {
  constexpr int kDigitBits = 11, kBuckets = 1 << kDigitBits;
  if (items.size() < 2) return;
  const size_t count = items.size();
  const auto begin_of = [&](int64_t part) { return count * static_cast<size_t>(part) / static_cast<size_t>(parts); };
  std::vector<Key> differences(parts);
  each([&](int64_t part) {
    Key differing = 0;
    for (size_t i = begin_of(part); i < begin_of(part + 1); ++i) differing |= items[i].key ^ items.front().key;
    differences[part] = differing;
  });
  Key differing = 0;
  for (const Key bits : differences) differing |= bits;
  scratch.resize(count);
  std::vector<size_t> starts(parts * kBuckets);
  for (int shift = 0; shift < static_cast<int>(8 * sizeof(Key)); shift += kDigitBits) {
    if (((differing >> shift) & (kBuckets - 1)) == 0) continue;
    each([&](int64_t part) {
      size_t* counts = starts.data() + part * kBuckets;
      for (int bucket = 0; bucket < kBuckets; ++bucket) counts[bucket] = 0;
      for (size_t i = begin_of(part); i < begin_of(part + 1); ++i) ++counts[(items[i].key >> shift) & (kBuckets - 1)];
    });
    size_t total = 0;
    for (int bucket = 0; bucket < kBuckets; ++bucket)
      for (int64_t part = 0; part < parts; ++part) {
        size_t& start = starts[part * kBuckets + bucket];
        const size_t size = start;
        start = total;
        total += size;
      }
    each([&](int64_t part) {
      size_t* start = starts.data() + part * kBuckets;
      for (size_t i = begin_of(part); i < begin_of(part + 1); ++i) scratch[start[(items[i].key >> shift) & (kBuckets - 1)]++] = items[i];
    });
    items.swap(scratch);
  }
}

template <typename Key>
void radix_sort(std::vector<Keyed<Key>>& items, std::vector<Keyed<Key>>& scratch) {
  radix_sort(items, scratch, 1, [](const auto& f) { f(0); });
}

}  // namespace earthcraft
