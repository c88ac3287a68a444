#include <cub/device/device_radix_sort.cuh>
#include <cub/device/device_scan.cuh>

#include "grid.cuh"
#include "radix_sort.h"

namespace earthcraft::gpu {
namespace {

__global__ void find_starts(const uint64_t* keys, int64_t count, int shift, int64_t segments, int64_t* starts) {
  const int64_t segment = thread_number();
  if (segment > segments) return;
  int64_t low = 0, high = count;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (keys[middle] >> shift < static_cast<uint64_t>(segment))
      low = middle + 1;
    else
      high = middle;
  }
  starts[segment] = low;
}

}  // namespace

size_t radix_sort_scratch(int64_t count) {
  size_t bytes = 0;
  cub::DeviceRadixSort::SortPairs<uint64_t, int32_t>(nullptr, bytes, nullptr, nullptr, nullptr, nullptr, count);
  return bytes;
}

cudaError_t radix_sort(void* scratch, size_t scratch_bytes, const uint64_t* keys, uint64_t* sorted_keys, const int32_t* values,
                       int32_t* sorted_values, int64_t count, int bits, cudaStream_t stream) {
  return cub::DeviceRadixSort::SortPairs(scratch, scratch_bytes, keys, sorted_keys, values, sorted_values, count, 0, bits, stream);
}

size_t exclusive_sum_scratch(int64_t count) {
  size_t bytes = 0;
  cub::DeviceScan::ExclusiveSum(nullptr, bytes, static_cast<const int64_t*>(nullptr), static_cast<int64_t*>(nullptr), count);
  return bytes;
}

cudaError_t exclusive_sum(void* scratch, size_t scratch_bytes, const int64_t* in, int64_t* out, int64_t count, cudaStream_t stream) {
  return cub::DeviceScan::ExclusiveSum(scratch, scratch_bytes, in, out, count, stream);
}

cudaError_t segment_starts(const uint64_t* sorted_keys, int64_t count, int shift, int64_t segments, int64_t* starts, cudaStream_t stream) {
  EC_LAUNCH(find_starts, segments + 1, stream, sorted_keys, count, shift, segments, starts);
  return cudaGetLastError();
}

}  // namespace earthcraft::gpu
