// What libearthcraft.so asks of libearthcraft_cuda.so besides operators: `ec_cuda_interface`, its one export, hands this out.
// Exceptions of libtorch pass through; both libraries stand on the same one.
#pragma once

#include <cstdint>
#include <string>

namespace earthcraft {

// Changes with every change of this struct: the two libraries are built together or refused.
constexpr int32_t kCudaInterface = 2;

struct CudaMemory {  // bytes of one GPU's tensors: alive, at their peak, kept for reuse; and of the whole card
  double live, peak, cached, free, total;
};

struct CudaInterface {
  int32_t version;
  int32_t (*count)();
  std::string (*name)(int32_t device);  // `NVIDIA H100 80GB HBM3, compute capability 9.0`
  std::string (*unfit)(int32_t device);  // why our kernels cannot run on it; empty where they can
  void (*use)(int32_t device);          // of this thread
  void (*synchronize)(int32_t device);
  CudaMemory (*memory)(int32_t device);
  void (*reset_peak)(int32_t device);
  void (*empty_cache)();
};

}  // namespace earthcraft
