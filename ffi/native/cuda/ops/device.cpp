// Devices, their memory and their waiting, for libearthcraft.so: see interface.h.

#include <ATen/Context.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAFunctions.h>

#include "../interface.h"
#include "../sparse_conv.h"

namespace earthcraft {
namespace {

int32_t count() { return c10::cuda::device_count(); }

std::string name(int32_t device) {
  cudaDeviceProp properties;
  C10_CUDA_CHECK(cudaGetDeviceProperties(&properties, device));
  return std::string(properties.name) + ", compute capability " + std::to_string(properties.major) + "." + std::to_string(properties.minor);
}

void start() { at::globalContext().lazyInitDevice(c10::DeviceType::CUDA); }  // the allocator has no statistics before

void use(int32_t device) {
  start();
  c10::cuda::set_device(static_cast<c10::DeviceIndex>(device));
}

std::string unfit(int32_t device) {
  use(device);
  const gpu::ConvRoom room = gpu::conv_room(device);
  if (room.needed == 0) return "earthcraft's CUDA library has no code for it: `setup --cuda` builds for compute capability 8 and 9";
  if (room.needed <= room.there) return {};
  return "a block of threads gets " + std::to_string(room.there / 1024) + " KB of shared memory there, and earthcraft's convolutions take " +
         std::to_string((room.needed + 1023) / 1024) + " KB, which data centre GPUs (A100, H100) have";
}

void synchronize(int32_t device) {
  const c10::DeviceIndex before = c10::cuda::current_device();
  c10::cuda::set_device(static_cast<c10::DeviceIndex>(device));
  c10::cuda::device_synchronize();
  c10::cuda::set_device(before);
}

CudaMemory memory(int32_t device) {
  start();
  using c10::CachingAllocator::StatType;
  const auto statistics = c10::cuda::CUDACachingAllocator::getDeviceStats(static_cast<c10::DeviceIndex>(device));
  constexpr auto kAll = static_cast<size_t>(StatType::AGGREGATE);
  const auto [free, total] = c10::cuda::CUDACachingAllocator::get()->getMemoryInfo(static_cast<c10::DeviceIndex>(device));
  const auto& live = statistics.allocated_bytes[kAll];
  return {static_cast<double>(live.current), static_cast<double>(live.peak), static_cast<double>(statistics.reserved_bytes[kAll].current - live.current),
          static_cast<double>(free), static_cast<double>(total)};
}

void reset_peak(int32_t device) {
  start();
  c10::cuda::CUDACachingAllocator::resetPeakStats(static_cast<c10::DeviceIndex>(device));
}

void empty_cache() {
  start();
  c10::cuda::CUDACachingAllocator::emptyCache();
}

constexpr CudaInterface kInterface{kCudaInterface, count, name, unfit, use, synchronize, memory, reset_peak, empty_cache};

}  // namespace
}  // namespace earthcraft

extern "C" __attribute__((visibility("default"))) const earthcraft::CudaInterface* ec_cuda_interface() { return &earthcraft::kInterface; }
