// Sets of voxels: one thread a voxel, every look-up a binary search among sorted keys, whose upper levels stay in cache.

#include "voxel_index.h"

#include "sorted_voxels.cuh"

namespace earthcraft::gpu {
namespace {

__device__ Voxel voxel_at(const int32_t* coords, int64_t row) {
  const int4 c = reinterpret_cast<const int4*>(coords)[row];
  return {c.x, c.y, c.z, c.w};
}

__global__ void keys_kernel(const int32_t* coords, int64_t n, int64_t* keys, int64_t* trouble) {
  const int64_t i = thread_number();
  if (i >= n) return;
  const Voxel v = voxel_at(coords, i);
  if (!within_bounds(v)) note_trouble(trouble, i);
  keys[i] = static_cast<int64_t>(morton_key(v));
}

__global__ void window_keys_kernel(const int32_t* coords, int64_t n, int64_t edge, int64_t shift, int64_t* keys) {
  const int64_t i = thread_number();
  if (i >= n) return;
  const Voxel v = voxel_at(coords, i);
  const auto window = [&](int32_t at) { return static_cast<int32_t>((at + shift) / edge); };
  keys[i] = static_cast<int64_t>(morton_key({v.batch, window(v.x), window(v.y), window(v.z)}));
}

__global__ void coords_kernel(const int64_t* keys, int64_t n, int32_t* coords) {
  const int64_t i = thread_number();
  if (i >= n) return;
  const Voxel v = morton_voxel(static_cast<uint64_t>(keys[i]));
  reinterpret_cast<int4*>(coords)[i] = make_int4(v.batch, v.x, v.y, v.z);
}

__global__ void duplicate_kernel(const int64_t* keys, int64_t n, int64_t* trouble) {
  const int64_t i = thread_number();
  if (i > 0 && i < n && keys[i] == keys[i - 1]) note_trouble(trouble, i);
}

__global__ void first_kernel(const int64_t* keys, int64_t n, bool coarse, int64_t* first) {
  const int64_t i = thread_number();
  if (i >= n) return;
  const int64_t key = keys[i];
  if (i == 0 || key == kNothing) {
    first[i] = key != kNothing;
    return;
  }
  const int64_t before = keys[i - 1];
  first[i] = coarse ? coarser_key(static_cast<uint64_t>(key)) != coarser_key(static_cast<uint64_t>(before)) : key != before;
}

__global__ void unmark_kernel(const int64_t* keys, int64_t n, SortedVoxels minus, int64_t* first) {
  const int64_t i = thread_number();
  if (i < n && first[i] != 0 && row_of(minus, keys[i]) >= 0) first[i] = 0;
}

template <bool coarse>
__global__ void compact_kernel(const int64_t* first, const int64_t* place, const int64_t* values, int64_t n, int64_t* to) {
  const int64_t i = thread_number();
  if (i >= n || first[i] == 0) return;
  const int64_t value = values == nullptr ? i : values[i];
  to[place[i] - 1] = coarse ? static_cast<int64_t>(coarser_key(static_cast<uint64_t>(value))) : value;
}

__global__ void scatter_kernel(const int64_t* place, const int64_t* order, int64_t n, int64_t* inverse) {
  const int64_t i = thread_number();
  if (i < n) inverse[order[i]] = place[i] - 1;
}

__global__ void lookup_kernel(SortedVoxels set, const int64_t* queries, int64_t n, int64_t* rows) {
  const int64_t i = thread_number();
  if (i < n) rows[i] = row_of(set, queries[i]);
}

__device__ int32_t& along(Voxel& v, int axis) { return axis == 0 ? v.x : axis == 1 ? v.y : v.z; }

__global__ void dilate_kernel(const int64_t* keys, int64_t n, int axis, int32_t radius, int32_t extent, int64_t* grown) {
  const int64_t i = thread_number(), width = 2 * radius + 1;
  if (i >= n * width) return;
  Voxel v = morton_voxel(static_cast<uint64_t>(keys[i / width]));
  int32_t& at = along(v, axis);
  at += static_cast<int32_t>(i % width) - radius;
  grown[i] = at >= 0 && at < extent ? static_cast<int64_t>(morton_key(v)) : kNothing;
}

__global__ void erode_kernel(SortedVoxels set, int axis, int32_t radius, int64_t* whole) {
  const int64_t i = thread_number();
  if (i >= set.count) return;
  Voxel v = morton_voxel(static_cast<uint64_t>(set.keys[i]));
  int32_t& at = along(v, axis);
  const int32_t middle = at;
  bool all = middle >= radius && middle + radius < kAxisEnd;
  for (int32_t step = -radius; all && step <= radius; ++step) {
    at = middle + step;
    all = row_of(set, static_cast<int64_t>(morton_key(v))) >= 0;
  }
  whole[i] = all;
}

__global__ void coarsen_kernel(SortedVoxels set, const int64_t* place, int64_t* parent, int32_t* children) {
  const int64_t i = thread_number();
  if (i >= set.count) return;
  const int64_t row = set.order[i], cell = place[i] - 1;
  parent[row] = cell;
  children[8 * cell + (set.keys[i] & 7)] = static_cast<int32_t>(row);
}

__global__ void refine_kernel(const int32_t* coords, int64_t n, int32_t* fine, int64_t* trouble) {
  const int64_t i = thread_number();
  if (i >= 8 * n) return;
  const Voxel v = voxel_at(coords, i / 8);
  const int slot = static_cast<int>(i % 8);
  if (v.x >= kAxisEnd / 2 || v.y >= kAxisEnd / 2 || v.z >= kAxisEnd / 2) note_trouble(trouble, i / 8);
  reinterpret_cast<int4*>(fine)[i] = make_int4(v.batch, 2 * v.x + (slot & 1), 2 * v.y + (slot >> 1 & 1), 2 * v.z + (slot >> 2));
}

__global__ void batch_check_kernel(const int32_t* coords, int64_t n, int64_t batches, int64_t* trouble) {
  const int64_t i = thread_number();
  if (i >= n) return;
  if (coords[4 * i] >= batches) note_trouble(trouble, i);
  if (i > 0 && coords[4 * i] < coords[4 * i - 4]) note_trouble(trouble + 1, i);
}

__global__ void batch_starts_kernel(const int32_t* coords, int64_t n, int64_t batches, int64_t* starts) {
  const int64_t batch = thread_number();
  if (batch > batches) return;
  int64_t low = 0, count = n;
  while (count > 0) {
    const int64_t half = count / 2;
    const bool below = coords[4 * (low + half)] < batch;
    low = below ? low + half + 1 : low;
    count = below ? count - half - 1 : half;
  }
  starts[batch] = low;
}

}  // namespace

void voxel_keys(const int32_t* coords, int64_t n, int64_t* keys, int64_t* trouble, cudaStream_t stream) {
  EC_LAUNCH(keys_kernel, n, stream, coords, n, keys, trouble);
}
void window_keys(const int32_t* coords, int64_t n, int64_t edge, int64_t shift, int64_t* keys, cudaStream_t stream) {
  EC_LAUNCH(window_keys_kernel, n, stream, coords, n, edge, shift, keys);
}
void voxel_coords(const int64_t* keys, int64_t n, int32_t* coords, cudaStream_t stream) { EC_LAUNCH(coords_kernel, n, stream, keys, n, coords); }
void find_duplicate(const int64_t* keys, int64_t n, int64_t* trouble, cudaStream_t stream) { EC_LAUNCH(duplicate_kernel, n, stream, keys, n, trouble); }
void mark_first(const int64_t* keys, int64_t n, bool coarse, int64_t* first, cudaStream_t stream) {
  EC_LAUNCH(first_kernel, n, stream, keys, n, coarse, first);
}
void unmark_members(const int64_t* keys, int64_t n, const SortedVoxels& minus, int64_t* first, cudaStream_t stream) {
  EC_LAUNCH(unmark_kernel, n, stream, keys, n, minus, first);
}
void compact(const int64_t* first, const int64_t* place, const int64_t* values, int64_t n, int64_t* to, cudaStream_t stream) {
  EC_LAUNCH(compact_kernel<false>, n, stream, first, place, values, n, to);
}
void compact_coarse(const int64_t* first, const int64_t* place, const int64_t* keys, int64_t n, int64_t* to, cudaStream_t stream) {
  EC_LAUNCH(compact_kernel<true>, n, stream, first, place, keys, n, to);
}
void scatter_places(const int64_t* place, const int64_t* order, int64_t n, int64_t* inverse, cudaStream_t stream) {
  EC_LAUNCH(scatter_kernel, n, stream, place, order, n, inverse);
}
void lookup(const SortedVoxels& set, const int64_t* queries, int64_t n, int64_t* rows, cudaStream_t stream) {
  EC_LAUNCH(lookup_kernel, n, stream, set, queries, n, rows);
}
void dilate_axis(const int64_t* keys, int64_t n, int axis, int32_t radius, int32_t extent, int64_t* grown, cudaStream_t stream) {
  EC_LAUNCH(dilate_kernel, n * (2 * radius + 1), stream, keys, n, axis, radius, extent, grown);
}
void erode_axis(const SortedVoxels& set, int axis, int32_t radius, int64_t* whole, cudaStream_t stream) {
  EC_LAUNCH(erode_kernel, set.count, stream, set, axis, radius, whole);
}
void coarsen(const SortedVoxels& set, const int64_t* place, int64_t* parent, int32_t* children, cudaStream_t stream) {
  EC_LAUNCH(coarsen_kernel, set.count, stream, set, place, parent, children);
}
void refine(const int32_t* coords, int64_t n, int32_t* fine, int64_t* trouble, cudaStream_t stream) {
  EC_LAUNCH(refine_kernel, 8 * n, stream, coords, n, fine, trouble);
}
void batch_starts(const int32_t* coords, int64_t n, int64_t batches, int64_t* starts, int64_t* trouble, cudaStream_t stream) {
  EC_LAUNCH(batch_check_kernel, n, stream, coords, n, batches, trouble);
  EC_LAUNCH(batch_starts_kernel, batches + 1, stream, coords, n, batches, starts);
}

}  // namespace earthcraft::gpu
