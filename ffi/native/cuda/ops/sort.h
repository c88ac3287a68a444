// Sorts and scans of tensors, on the current stream.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <c10/cuda/CUDAException.h>

#include <utility>

#include "cuda/radix_sort.h"

namespace earthcraft {

inline at::Tensor sort_scratch(const at::Tensor& like, size_t bytes) {
  return at::empty({static_cast<int64_t>(bytes)}, like.options().dtype(at::kByte));
}

// Pairs of keys int64 [N] (0 or more, below 2^bits) and values int32 [N] in the order of their keys; equal keys keep theirs.
inline std::pair<at::Tensor, at::Tensor> sort_pairs(const at::Tensor& keys, const at::Tensor& values, int bits, cudaStream_t stream) {
  std::pair<at::Tensor, at::Tensor> sorted{at::empty_like(keys), at::empty_like(values)};
  const at::Tensor scratch = sort_scratch(keys, gpu::radix_sort_scratch(keys.numel()));
  C10_CUDA_CHECK(gpu::radix_sort(scratch.data_ptr(), scratch.numel(), reinterpret_cast<const uint64_t*>(keys.const_data_ptr<int64_t>()),
                                 reinterpret_cast<uint64_t*>(sorted.first.data_ptr<int64_t>()), values.const_data_ptr<int32_t>(),
                                 sorted.second.data_ptr<int32_t>(), keys.numel(), bits, stream));
  return sorted;
}

// int64 [N] -> int64 [N], the sums of all before.
inline at::Tensor exclusive_sums(const at::Tensor& counts, cudaStream_t stream) {
  const at::Tensor sums = at::empty_like(counts), scratch = sort_scratch(counts, gpu::exclusive_sum_scratch(counts.numel()));
  C10_CUDA_CHECK(
      gpu::exclusive_sum(scratch.data_ptr(), scratch.numel(), counts.const_data_ptr<int64_t>(), sums.data_ptr<int64_t>(), counts.numel(), stream));
  return sums;
}

// int64 [segments + 1]: where among sorted keys each value of key >> shift begins.
inline at::Tensor segment_starts(const at::Tensor& sorted_keys, int shift, int64_t segments, cudaStream_t stream) {
  const at::Tensor starts = at::empty({segments + 1}, sorted_keys.options());
  C10_CUDA_CHECK(gpu::segment_starts(reinterpret_cast<const uint64_t*>(sorted_keys.const_data_ptr<int64_t>()), sorted_keys.numel(), shift, segments,
                                     starts.data_ptr<int64_t>(), stream));
  return starts;
}

}  // namespace earthcraft
