// The gradient of a table is a sum of corners that meet in a row. Corners are sorted by row, in the order of their samples; a thread sums 32
// neighbours in that order, and what a row has in several threads' shares is added from first to last: one order, no atomics. The sort takes most of
// the time.

#include "grid.cuh"
#include "hash_grid.h"

namespace earthcraft::gpu {
namespace {

template <typename T>
struct Place {
  int32_t cell[3];
  T along[3];

  __device__ Place(const T* position, const HashLevel& level) {
    for (int axis = 0; axis < 3; ++axis) EC_VARIANT::find_cell(position[axis], level.resolution, &cell[axis], &along[axis]);
  }
  __device__ T side(int axis, int corner) const { return corner >> axis & 1 ? along[axis] : 1 - along[axis]; }
  __device__ T weight(int corner) const { return side(0, corner) * side(1, corner) * side(2, corner); }
  __device__ int32_t row(int corner, const HashLevel& level) const {
    return EC_VARIANT::corner_row(level, cell[0] + (corner & 1), cell[1] + (corner >> 1 & 1), cell[2] + (corner >> 2));
  }
};

template <typename T, int width>
__global__ void forward_kernel(const T* positions, int64_t count, HashLevel level, const T* table, T* features) {
  const int64_t i = thread_number();
  if (i >= count) return;
  const Place<T> place(positions + 3 * i, level);
  T sums[width] = {};
#pragma unroll
  for (int corner = 0; corner < 8; ++corner) {
    const T* row = table + static_cast<int64_t>(place.row(corner, level)) * width;
    const T weight = place.weight(corner);
#pragma unroll
    for (int f = 0; f < width; ++f) sums[f] += weight * row[f];
  }
  for (int f = 0; f < width; ++f) features[f * count + i] = sums[f];
}

template <typename T>
__global__ void rows_kernel(const T* positions, int64_t count, HashLevel level, uint64_t* keys, int32_t* ids) {
  const int64_t i = thread_number();
  if (i >= count) return;
  const Place<T> place(positions + 3 * i, level);
  for (int corner = 0; corner < 8; ++corner) {
    keys[8 * i + corner] = place.row(corner, level);
    ids[8 * i + corner] = static_cast<int32_t>(8 * i + corner);
  }
}

// A chunk of sorted corners. Rows that begin and end in it are written; of the row that came in from before and of the one that goes on, sums are
// kept: partial [chunks, 2, width].
template <typename T, int width>
__global__ void sum_chunks(const uint64_t* keys, const int32_t* ids, const T* positions, int64_t count, HashLevel level, const T* features_grad,
                           T* partial, T* table_grad) {
  const int64_t chunk = thread_number(), begin = chunk * kHashChunk, all = 8 * count;
  if (begin >= all) return;
  const int64_t end = begin + kHashChunk < all ? begin + kHashChunk : all;
  T sums[width] = {};
  bool came = begin > 0 && keys[begin - 1] == keys[begin];
  for (int64_t j = begin; j < end; ++j) {
    const int32_t id = ids[j];
    const int64_t sample = id / 8;
    const T weight = Place<T>(positions + 3 * sample, level).weight(id % 8);
#pragma unroll
    for (int f = 0; f < width; ++f) sums[f] += weight * features_grad[f * count + sample];
    const bool goes_on = j + 1 < all && keys[j + 1] == keys[j];
    if (goes_on && j + 1 < end) continue;
    T* to = came ? partial + 2 * chunk * width : goes_on ? partial + (2 * chunk + 1) * width : table_grad + static_cast<int64_t>(keys[j]) * width;
#pragma unroll
    for (int f = 0; f < width; ++f) to[f] = sums[f], sums[f] = 0;
    came = false;
  }
}

// Rows that begin in a chunk and go on.
template <typename T, int width>
__global__ void join_chunks(const uint64_t* keys, int64_t all, const T* partial, T* table_grad) {
  const int64_t chunk = thread_number(), begin = chunk * kHashChunk, next = begin + kHashChunk;
  if (next >= all || keys[next] != keys[next - 1]) return;
  const uint64_t key = keys[next];
  if (keys[begin] == key && begin > 0 && keys[begin - 1] == key) return;  // began before
  T sums[width];
  for (int f = 0; f < width; ++f) sums[f] = partial[(2 * chunk + 1) * width + f];
  for (int64_t other = chunk + 1; other * kHashChunk < all && keys[other * kHashChunk] == key; ++other)
    for (int f = 0; f < width; ++f) sums[f] += partial[2 * other * width + f];
  for (int f = 0; f < width; ++f) table_grad[static_cast<int64_t>(key) * width + f] = sums[f];
}

template <typename T, int width>
__global__ void position_kernel(const T* positions, int64_t count, HashLevel level, const T* table, const T* features_grad, T* positions_grad) {
  const int64_t i = thread_number();
  if (i >= count) return;
  const Place<T> place(positions + 3 * i, level);
  T value[8];
  for (int corner = 0; corner < 8; ++corner) {
    const T* row = table + static_cast<int64_t>(place.row(corner, level)) * width;
    value[corner] = 0;
    for (int f = 0; f < width; ++f) value[corner] += features_grad[f * count + i] * row[f];
  }
  for (int axis = 0; axis < 3; ++axis) {
    const int u = (axis + 1) % 3, v = (axis + 2) % 3;
    T slope = 0;
    for (int other = 0; other < 4; ++other) {
      const int low = (other & 1) << u | (other >> 1) << v;
      slope += place.side(u, low) * place.side(v, low) * (value[low | 1 << axis] - value[low]);
    }
    const T at = positions[3 * i + axis];
    if (!(at < 0 || at > 1)) positions_grad[3 * i + axis] += slope * static_cast<T>(level.resolution);
  }
}

// body(the width as a type)
template <int width>
struct Width {
  static constexpr int value = width;
};
template <typename Body>
void for_width(int64_t width, Body&& body) {
  switch (width) {
    case 1:
      return body(Width<1>());
    case 2:
      return body(Width<2>());
    case 4:
      return body(Width<4>());
    default:
      return body(Width<8>());
  }
}

}  // namespace

template <typename T>
void hash_forward(const T* positions, int64_t count, const HashLevel& level, const T* table, int64_t width, T* features, cudaStream_t stream) {
  for_width(width, [&](auto w) { EC_LAUNCH((forward_kernel<T, decltype(w)::value>), count, stream, positions, count, level, table, features); });
}

template <typename T>
void hash_rows(const T* positions, int64_t count, const HashLevel& level, uint64_t* keys, int32_t* ids, cudaStream_t stream) {
  EC_LAUNCH(rows_kernel<T>, count, stream, positions, count, level, keys, ids);
}

template <typename T>
void hash_table_grad(const uint64_t* keys, const int32_t* ids, const T* positions, int64_t count, const HashLevel& level, const T* features_grad,
                     int64_t width, T* partial, T* table_grad, cudaStream_t stream) {
  const int64_t chunks = blocks_for(8 * count, kHashChunk);
  for_width(width, [&](auto w) {
    constexpr int kWidth = decltype(w)::value;
    EC_LAUNCH((sum_chunks<T, kWidth>), chunks, stream, keys, ids, positions, count, level, features_grad, partial, table_grad);
    EC_LAUNCH((join_chunks<T, kWidth>), chunks, stream, keys, 8 * count, partial, table_grad);
  });
}

template <typename T>
void hash_position_grad(const T* positions, int64_t count, const HashLevel& level, const T* table, const T* features_grad, int64_t width,
                        T* positions_grad, cudaStream_t stream) {
  for_width(width, [&](auto w) {
    EC_LAUNCH((position_kernel<T, decltype(w)::value>), count, stream, positions, count, level, table, features_grad, positions_grad);
  });
}

#define EC_HASH_GRID(T)                                                                                                                         \
  template void hash_forward(const T*, int64_t, const HashLevel&, const T*, int64_t, T*, cudaStream_t);                                         \
  template void hash_rows(const T*, int64_t, const HashLevel&, uint64_t*, int32_t*, cudaStream_t);                                              \
  template void hash_table_grad(const uint64_t*, const int32_t*, const T*, int64_t, const HashLevel&, const T*, int64_t, T*, T*, cudaStream_t); \
  template void hash_position_grad(const T*, int64_t, const HashLevel&, const T*, const T*, int64_t, T*, cudaStream_t);
EC_HASH_GRID(float)
EC_HASH_GRID(double)

}  // namespace earthcraft::gpu
