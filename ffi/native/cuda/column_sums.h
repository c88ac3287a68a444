// Sums over the rows of a matrix: the gradient of a bias.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace earthcraft::gpu {

// Columns that a copy of 16 bytes holds, of which a row is made.
constexpr int64_t kSumColumns = 8;

// Slices of rows that add up on their own, by the sizes alone: sums are the same in every run.
int64_t column_sum_slices(int64_t rows, int64_t columns);

// sums[c] = sum over rows of x[row, c]; x bf16 [rows, columns] that begins at 16 bytes, columns a multiple of kSumColumns; partial f32
// [column_sum_slices(), columns]; sums bf16 [columns].
cudaError_t column_sums(const void* x, int64_t rows, int64_t columns, float* partial, void* sums, cudaStream_t stream);

}  // namespace earthcraft::gpu
