// Neighbour maps and pair lists of convolutions on a GPU: what the kernels in neighbour_map.cu take. Taps run x fastest, as in ops/neighbour_map.cpp.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "voxel_index.h"

namespace earthcraft::gpu {

// map [n, kernel³]: row of the voxel at stride · query + tap, or −1
void neighbour_map(const int32_t* queries, int64_t n, const SortedVoxels& set, int kernel, int stride, int32_t* map, cudaStream_t stream);

// turned [rows, taps], −1 before: the query that meets a row under a tap. trouble[0]: lowest map entry whose row does not exist; trouble[1]: lowest
// entry that finds its place taken.
void turn_map(const int32_t* map, int64_t queries, int64_t taps, int64_t rows, int32_t* turned, int64_t* trouble, cudaStream_t stream);

// counts [blocks, taps]: pairs of a block of kConvBlock rows under a tap
void count_pairs(const int32_t* map, int64_t rows, int64_t taps, int64_t* counts, cudaStream_t stream);
// in_rows, out_rows [P], by block, tap and row; starts [blocks * taps + 1]
void list_pairs(const int32_t* map, int64_t rows, int64_t taps, const int64_t* starts, int32_t* in_rows, int32_t* out_rows, cudaStream_t stream);

}  // namespace earthcraft::gpu
