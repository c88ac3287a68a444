// Sorts and scans on CUDA (CUB), compiled in one file because they take long to compile.  Scratch is the caller's, as large as the *_scratch function
// says.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

namespace earthcraft::gpu {

// Stable, by the lowest `bits` of the keys, which are all that may be set.
size_t radix_sort_scratch(int64_t count);
cudaError_t radix_sort(void* scratch, size_t scratch_bytes, const uint64_t* keys, uint64_t* sorted_keys, const int32_t* values,
                       int32_t* sorted_values, int64_t count, int bits, cudaStream_t stream);

// out[i] = in[0] + ... + in[i - 1]
size_t exclusive_sum_scratch(int64_t count);
cudaError_t exclusive_sum(void* scratch, size_t scratch_bytes, const int64_t* in, int64_t* out, int64_t count, cudaStream_t stream);

// starts[s], s in [0, segments]: how many of the sorted keys have key >> shift < s, that is where segment s begins.
cudaError_t segment_starts(const uint64_t* sorted_keys, int64_t count, int shift, int64_t segments, int64_t* starts, cudaStream_t stream);

// Bits that numbers in [0, count) need, at least 1.
inline int bits_of(uint64_t count) {
  int bits = 1;
  while (bits < 64 && count > uint64_t{1} << bits) ++bits;
  return bits;
}

}  // namespace earthcraft::gpu
