// Sets of voxels on a GPU: what the kernels in voxel_index.cu take. Keys are Morton's (kernels/morton.h) as int64, which stay positive; a set in order
// is its sorted keys, and `order` says in which row of the coords each stood.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace earthcraft::gpu {

constexpr int64_t kNothing = INT64_MAX;  // no trouble found; the key of no voxel

struct SortedVoxels {
  const int64_t* keys;   // ascending
  const int64_t* order;  // row of each, or null: rows are in the order of the keys
  int64_t count;
};

// trouble[0] becomes the lowest row of coords [n, 4] that lies outside of the bounds, if it was higher
void voxel_keys(const int32_t* coords, int64_t n, int64_t* keys, int64_t* trouble, cudaStream_t stream);
void window_keys(const int32_t* coords, int64_t n, int64_t edge, int64_t shift, int64_t* keys, cudaStream_t stream);
void voxel_coords(const int64_t* keys, int64_t n, int32_t* coords, cudaStream_t stream);
// trouble[0] becomes the lowest i with keys[i] == keys[i - 1]
void find_duplicate(const int64_t* keys, int64_t n, int64_t* trouble, cudaStream_t stream);

// first[i] = 1 where keys[i] >> shift_of differs from the one before; `coarse` compares cells of edge 2. Keys that are kNothing count for nothing.
void mark_first(const int64_t* keys, int64_t n, bool coarse, int64_t* first, cudaStream_t stream);
// first[i] = 0 where keys[i] stands among `minus`
void unmark_members(const int64_t* keys, int64_t n, const SortedVoxels& minus, int64_t* first, cudaStream_t stream);
// `place` = inclusive sum of `first`. Where first[i]: to[place[i] - 1] = values[i] (i itself where values is null).
void compact(const int64_t* first, const int64_t* place, const int64_t* values, int64_t n, int64_t* to, cudaStream_t stream);
// The same for keys' cells of edge 2.
void compact_coarse(const int64_t* first, const int64_t* place, const int64_t* keys, int64_t n, int64_t* to, cudaStream_t stream);
// inverse[order[i]] = place[i] - 1
void scatter_places(const int64_t* place, const int64_t* order, int64_t n, int64_t* inverse, cudaStream_t stream);

// rows[i] = row of queries[i] among `set`, or −1
void lookup(const SortedVoxels& set, const int64_t* queries, int64_t n, int64_t* rows, cudaStream_t stream);

// grown [n, 2 radius + 1]: keys moved along an axis by −radius … radius, kNothing where that leaves [0, extent)
void dilate_axis(const int64_t* keys, int64_t n, int axis, int32_t radius, int32_t extent, int64_t* grown, cudaStream_t stream);
// whole[i] = 1 where the set holds all voxels within `radius` of keys[i] along an axis
void erode_axis(const SortedVoxels& set, int axis, int32_t radius, int64_t* whole, cudaStream_t stream);

// parent[order[i]] = place[i] - 1; children [cells, 8] (set to −1 before) = row of each child
void coarsen(const SortedVoxels& set, const int64_t* place, int64_t* parent, int32_t* children, cudaStream_t stream);
// fine [8 n, 4]; trouble[0] becomes the lowest row whose children would lie beyond the bounds
void refine(const int32_t* coords, int64_t n, int32_t* fine, int64_t* trouble, cudaStream_t stream);

// starts [batches + 1]; trouble[0]: lowest row whose batch is too high, trouble[1]: lowest row whose batch is below the one before
void batch_starts(const int32_t* coords, int64_t n, int64_t batches, int64_t* starts, int64_t* trouble, cudaStream_t stream);

}  // namespace earthcraft::gpu
