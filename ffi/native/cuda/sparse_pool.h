// Between two levels of a sparse pyramid on a GPU: what the kernels in sparse_pool.cu take.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "element.h"

namespace earthcraft::gpu {

// out [cells, channels]: sum of each cell's children, slot after slot, divided by their number where `mean`
void gather_children(Element element, const void* feats, const int32_t* children, int64_t cells, int64_t channels, bool mean, void* out,
                     cudaStream_t stream);
// out [rows, channels]: each row its parent's, divided by the number of its children where `shared`
void copy_to_children(Element element, const void* feats, const int32_t* children, const int64_t* parent, int64_t rows, int64_t channels, bool shared,
                      void* out, cudaStream_t stream);

}  // namespace earthcraft::gpu
