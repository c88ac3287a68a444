// Samples are taken in blocks: first all rows and weights, which is plain arithmetic on vectors, then the table, whose lines are on their way by
// then.

#include "hash_grid.h"

#include "simd.h"

namespace earthcraft::EC_VARIANT {
namespace {

constexpr int kBlock = 64;
constexpr int kCorners = 8;  // bit 0: the next corner along x; 1: y; 2: z

struct Corners {
  int32_t row[kCorners][kBlock];
  float weight[kCorners][kBlock];
};

struct Cells {
  int32_t cell[3][kBlock];
  float along[3][kBlock];
};

EC_INLINE void find_cells(const HashSamples& samples, int64_t first, int count, const HashLevel& level, Cells& to) {
  for (int axis = 0; axis < 3; ++axis) {
    const float* from = samples.positions + axis * samples.stride + first;
#pragma omp simd
    for (int i = 0; i < count; ++i) find_cell(from[i], level.resolution, &to.cell[axis][i], &to.along[axis][i]);
  }
}

EC_INLINE void find_rows(const Cells& from, int count, const HashLevel& level, int32_t (&row)[kCorners][kBlock]) {
  for (int corner = 0; corner < kCorners; ++corner) {
    const int32_t x = corner & 1, y = corner >> 1 & 1, z = corner >> 2;
#pragma omp simd
    for (int i = 0; i < count; ++i)
      row[corner][i] = corner_row(level, static_cast<uint32_t>(from.cell[0][i] + x), static_cast<uint32_t>(from.cell[1][i] + y),
                                  static_cast<uint32_t>(from.cell[2][i] + z));
  }
}

EC_INLINE float side(float along, int high) { return high ? along : 1 - along; }

EC_INLINE void find_weights(const Cells& from, int count, float (&weight)[kCorners][kBlock]) {
  for (int corner = 0; corner < kCorners; ++corner) {
#pragma omp simd
    for (int i = 0; i < count; ++i)
      weight[corner][i] = side(from.along[0][i], corner & 1) * side(from.along[1][i], corner >> 1 & 1) * side(from.along[2][i], corner >> 2);
  }
}

// Calls block(first sample, count, cells, corners).
template <int Width, bool written, typename Block>
EC_INLINE void each_block(const HashSamples& samples, const HashLevel& level, const float* table, Block&& block) {
  Cells cells;
  Corners corners;
  for (int64_t first = samples.begin; first < samples.end; first += kBlock) {
    const int count = static_cast<int>(samples.end - first < kBlock ? samples.end - first : kBlock);
    find_cells(samples, first, count, level, cells);
    find_rows(cells, count, level, corners.row);
    for (int corner = 0; corner < kCorners; ++corner)
      for (int i = 0; i < count; ++i) __builtin_prefetch(table + static_cast<int64_t>(corners.row[corner][i]) * Width, written ? 1 : 0);
    find_weights(cells, count, corners.weight);
    block(first, count, cells, corners);
  }
}

// Two features a row, the usual number: a row is read as one word of 64 bits, half as many loads as one by one.
void forward_pairs(const HashSamples& samples, const HashLevel& level, const float* table, float* features) {
  typedef uint64_t Word __attribute__((may_alias, aligned(4)));
  typedef float FloatAlias __attribute__((may_alias));
  const Word* rows = reinterpret_cast<const Word*>(table + level.first * 2);
  each_block<2, false>(samples, level, table + level.first * 2, [&](int64_t first, int count, const Cells&, const Corners& corners) {
    alignas(64) float sums[2 * kBlock] = {};
    for (int corner = 0; corner < kCorners; ++corner) {
      alignas(64) uint64_t pairs[kBlock], weights[kBlock];
      const int32_t* row = corners.row[corner];
#pragma omp simd
      for (int i = 0; i < count; ++i) pairs[i] = rows[row[i]];
#pragma omp simd
      for (int i = 0; i < count; ++i) {
        uint32_t bits;
        __builtin_memcpy(&bits, &corners.weight[corner][i], 4);
        weights[i] = static_cast<uint64_t>(bits) << 32 | bits;
      }
      const FloatAlias *values = reinterpret_cast<const FloatAlias*>(pairs), *shares = reinterpret_cast<const FloatAlias*>(weights);
#pragma omp simd
      for (int i = 0; i < 2 * count; ++i) sums[i] += shares[i] * values[i];
    }
    for (int i = 0; i < count; ++i) features[first + i] = sums[2 * i];
    for (int i = 0; i < count; ++i) features[samples.stride + first + i] = sums[2 * i + 1];
  });
}

template <int Width>
void forward(const HashSamples& samples, const HashLevel& level, const float* table, float* features) {
  table += level.first * Width;
  each_block<Width, false>(samples, level, table, [&](int64_t first, int count, const Cells&, const Corners& corners) {
    float sums[Width][kBlock] = {};
    for (int corner = 0; corner < kCorners; ++corner) {
      const int32_t* row = corners.row[corner];
      const float* weight = corners.weight[corner];
      for (int f = 0; f < Width; ++f) {
        float* sum = sums[f];
#pragma omp simd
        for (int i = 0; i < count; ++i) sum[i] += weight[i] * table[row[i] * Width + f];
      }
    }
    for (int f = 0; f < Width; ++f) __builtin_memcpy(features + f * samples.stride + first, sums[f], static_cast<size_t>(count) * sizeof(float));
  });
}

// A row of the table as one value.
template <int Width>
struct RowOf {
  typedef float type __attribute__((vector_size(4 * Width), aligned(4), may_alias));
};
template <>
struct RowOf<1> {
  typedef float type __attribute__((may_alias));
};

template <int Width>
void table_grad(const HashSamples& samples, const HashLevel& level, const float* features_grad, float* grad) {
  using Row = typename RowOf<Width>::type;
  grad += level.first * Width;
  each_block<Width, true>(samples, level, grad, [&](int64_t first, int count, const Cells&, const Corners& corners) {
    alignas(64) float slopes[kBlock][Width];
    for (int f = 0; f < Width; ++f)
      for (int i = 0; i < count; ++i) slopes[i][f] = features_grad[f * samples.stride + first + i];
    for (int i = 0; i < count; ++i) {
      const Row slope = *reinterpret_cast<const Row*>(slopes[i]);
      for (int corner = 0; corner < kCorners; ++corner) {
        Row* to = reinterpret_cast<Row*>(grad + static_cast<int64_t>(corners.row[corner][i]) * Width);
        *to = *to + corners.weight[corner][i] * slope;
      }
    }
  });
}

template <int Width>
void position_grad(const HashSamples& samples, const HashLevel& level, const float* table, const float* features_grad, float* grad) {
  table += level.first * Width;
  each_block<Width, false>(samples, level, table, [&](int64_t first, int count, const Cells& cells, const Corners& corners) {
    float value[kCorners][kBlock] = {};  // what the gradient of the features says of each corner
    for (int corner = 0; corner < kCorners; ++corner)
      for (int f = 0; f < Width; ++f) {
        const float* slope = features_grad + f * samples.stride + first;
#pragma omp simd
        for (int i = 0; i < count; ++i) value[corner][i] += slope[i] * table[corners.row[corner][i] * Width + f];
      }
    for (int axis = 0; axis < 3; ++axis) {
      const int u = (axis + 1) % 3, v = (axis + 2) % 3;
      float* to = grad + axis * samples.stride + first;
      const float* position = samples.positions + axis * samples.stride + first;
      for (int i = 0; i < count; ++i) {
        float slope = 0;
        for (int other = 0; other < 4; ++other) {
          const int low = (other & 1) << u | (other >> 1) << v;
          slope += side(cells.along[u][i], other & 1) * side(cells.along[v][i], other >> 1) * (value[low | 1 << axis][i] - value[low][i]);
        }
        if (!(position[i] < 0 || position[i] > 1)) to[i] += slope * static_cast<float>(level.resolution);
      }
    }
  });
}

}  // namespace

#define EC_EACH_WIDTH(call)     \
  switch (width) {              \
    case 1: {                   \
      constexpr int kWidth = 1; \
      call;                     \
      break;                    \
    }                           \
    case 2: {                   \
      constexpr int kWidth = 2; \
      call;                     \
      break;                    \
    }                           \
    case 4: {                   \
      constexpr int kWidth = 4; \
      call;                     \
      break;                    \
    }                           \
    case 8: {                   \
      constexpr int kWidth = 8; \
      call;                     \
      break;                    \
    }                           \
  }

void hash_grid_forward(const HashSamples& samples, const HashLevel& level, const float* table, int64_t width, float* features) {
  if (width == 2) return forward_pairs(samples, level, table, features);
  EC_EACH_WIDTH(forward<kWidth>(samples, level, table, features))
}

void hash_grid_table_grad(const HashSamples& samples, const HashLevel& level, const float* features_grad, int64_t width, float* table_grad_) {
  EC_EACH_WIDTH(table_grad<kWidth>(samples, level, features_grad, table_grad_))
}

void hash_grid_position_grad(const HashSamples& samples, const HashLevel& level, const float* table, const float* features_grad, int64_t width,
                             float* positions_grad) {
  EC_EACH_WIDTH(position_grad<kWidth>(samples, level, table, features_grad, positions_grad))
}

}  // namespace earthcraft::EC_VARIANT
