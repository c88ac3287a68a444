// What every operator on a GPU does round its kernels.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <initializer_list>
#include <utility>

namespace earthcraft {

// Makes the device of `tensor` the current one; kernels go to libtorch's stream of it, so they run in the order of the calls.
class OnDevice {
 public:
  explicit OnDevice(const at::Tensor& tensor) : guard_(tensor.device()), stream_(c10::cuda::getCurrentCUDAStream(tensor.device().index())) {}
  cudaStream_t stream() const { return stream_; }
  // After a launch: an invalid configuration shows here, a fault inside the kernel at some later call.
  void launched() const { C10_CUDA_KERNEL_LAUNCH_CHECK(); }

 private:
  c10::cuda::CUDAGuard guard_;
  cudaStream_t stream_;
};

// The dispatcher chooses by any one tensor on a GPU; a kernel reads all of them.
inline void check_device(const char* op, const at::Tensor& first, std::initializer_list<std::pair<const char*, at::Tensor>> others) {
  for (const auto& [name, tensor] : others)
    TORCH_CHECK(!tensor.defined() || tensor.device() == first.device(), op, ": ", name, " lies on ", tensor.device(), ", the other tensors on ",
                first.device());
}

}  // namespace earthcraft
