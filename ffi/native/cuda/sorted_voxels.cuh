// Looking a voxel up among sorted keys.
#pragma once

#include "../kernels/morton.h"
#include "grid.cuh"
#include "voxel_index.h"

namespace earthcraft::gpu {

// The first place whose key is not below `key`.
__device__ inline int64_t lower_bound(const int64_t* keys, int64_t count, int64_t key) {
  int64_t low = 0;
  while (count > 0) {
    const int64_t half = count / 2;
    const bool below = __ldg(keys + low + half) < key;
    low = below ? low + half + 1 : low;
    count = below ? count - half - 1 : half;
  }
  return low;
}

__device__ inline int64_t row_of(const SortedVoxels& set, int64_t key) {
  const int64_t at = lower_bound(set.keys, set.count, key);
  if (at == set.count || set.keys[at] != key) return -1;
  return set.order == nullptr ? at : set.order[at];
}

// Lowest of all threads' values: which thread comes first changes nothing.
__device__ inline void note_trouble(int64_t* trouble, int64_t row) {
  atomicMin(reinterpret_cast<long long*>(trouble), static_cast<long long>(row));
}

}  // namespace earthcraft::gpu
