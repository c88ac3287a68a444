// Multiresolution hash encoding on CUDA: the launchers of ops/hash_grid.cpp. T is float or double.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "kernels/hash_cells.h"

namespace earthcraft::gpu {

constexpr int kHashChunk = 32;  // contributions that a thread sums by itself

// positions [count, 3]; features [width, count] of one level; table [rows of the level, width].
template <typename T>
void hash_forward(const T* positions, int64_t count, const HashLevel& level, const T* table, int64_t width, T* features, cudaStream_t stream);

// keys [8 count]: the row of each corner of each sample; ids [8 count]: 8 * sample + corner.
template <typename T>
void hash_rows(const T* positions, int64_t count, const HashLevel& level, uint64_t* keys, int32_t* ids, cudaStream_t stream);

// table_grad [rows of the level, width], zeros, from the corners sorted by row. partial: two rows of `width` a chunk of kHashChunk corners.
template <typename T>
void hash_table_grad(const uint64_t* keys, const int32_t* ids, const T* positions, int64_t count, const HashLevel& level, const T* features_grad,
                     int64_t width, T* partial, T* table_grad, cudaStream_t stream);

// Adds to positions_grad [count, 3].
template <typename T>
void hash_position_grad(const T* positions, int64_t count, const HashLevel& level, const T* table, const T* features_grad, int64_t width,
                        T* positions_grad, cudaStream_t stream);

}  // namespace earthcraft::gpu
