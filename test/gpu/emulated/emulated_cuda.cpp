// A GPU for machines without one: the device type CUDA over the processor's own memory. Every operator that reaches the dispatch key CUDA runs the
// processor's kernel, after the check that makes a real GPU's kernels fail: tensors of two devices. So programs find here, in the same words, what they
// forgot to send or to fetch; and the calls that would wait for a GPU are counted.
//
// EARTHCRAFT_NATIVE_CUDA=libemulated_cuda.so makes `--device cuda` mean this. EARTHCRAFT_EMULATED_LOG names a file: `synchronize` adds a line of JSON to
// it, the counts since the last. EARTHCRAFT_EMULATED_FULL=aten::mul:2 lets an operator run out of memory the first two times.

#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/stack.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/library.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "cuda/interface.h"

namespace {

const c10::Device kGpu(c10::DeviceType::CUDA, 0);

struct Counts {
  std::mutex mutex;
  std::map<std::string, int64_t> waits;  // by operator
  int64_t calls = 0, uploads = 0, emptied = 0;

  void wait(const std::string& name) {
    const std::lock_guard<std::mutex> lock(mutex);
    ++waits[name];
  }
};

Counts& counts() {
  static auto& of_process = *new Counts();
  return of_process;
}

void write_counts() {
  const char* path = std::getenv("EARTHCRAFT_EMULATED_LOG");
  std::FILE* file = path == nullptr ? nullptr : std::fopen(path, "a");
  if (file == nullptr) return;
  const std::lock_guard<std::mutex> lock(counts().mutex);
  std::fprintf(file, "{\"calls\":%ld,\"uploads\":%ld,\"emptied\":%ld,\"waits\":{", static_cast<long>(counts().calls), static_cast<long>(counts().uploads),
               static_cast<long>(counts().emptied));
  const char* comma = "";
  for (const auto& [name, count] : counts().waits) {
    std::fprintf(file, "%s\"%s\":%ld", comma, name.c_str(), static_cast<long>(count));
    comma = ",";
  }
  std::fprintf(file, "}}\n");
  std::fclose(file);
  counts().waits.clear();
  counts().calls = counts().uploads = counts().emptied = 0;
}

// The same memory under the other device's name. The new storage holds the old one.
at::Tensor renamed(const at::Tensor& tensor, c10::Device device) {
  if (!tensor.defined() || tensor.device() == device) return tensor;
  const c10::Storage& memory = tensor.storage();
  c10::Storage storage(c10::Storage::use_byte_size_t(), memory.nbytes(),
                       c10::DataPtr(memory.mutable_data(), new c10::Storage(memory), [](void* held) { delete static_cast<c10::Storage*>(held); }, device),
                       c10::GetCPUAllocator(), /*resizable=*/true);
  const auto key = device.is_cuda() ? c10::DispatchKey::CUDA : c10::DispatchKey::CPU;
  at::Tensor twin = at::detail::make_tensor<c10::TensorImpl>(std::move(storage), c10::DispatchKeySet(key), tensor.dtype());
  twin.unsafeGetTensorImpl()->set_sizes_and_strides(tensor.sizes(), tensor.strides(), tensor.storage_offset());
  return twin;
}

template <typename Change>
void change_tensors(c10::IValue& value, Change&& change) {
  if (value.isTensor()) {
    value = change(value.toTensor());
  } else if (value.isTensorList()) {
    c10::List<at::Tensor> list;
    for (const at::Tensor tensor : value.toTensorList()) list.push_back(change(tensor));
    value = list;
  } else if (value.isOptionalTensorList()) {
    c10::List<std::optional<at::Tensor>> list;
    for (const std::optional<at::Tensor> tensor : value.toOptionalTensorList()) list.push_back(tensor.has_value() ? std::optional(change(*tensor)) : tensor);
    value = list;
  }
}

bool starts_with(const std::string& text, const char* with) { return text.rfind(with, 0) == 0; }

// Those that take tensors of both devices: copies; indices that the processor made; cameras.
bool takes_both(const std::string& name) {
  return name == "aten::copy_" || name == "aten::_copy_from" || starts_with(name, "aten::index") || starts_with(name, "earthcraft::splat_") ||
         starts_with(name, "earthcraft::mesh_") || name == "earthcraft::voxel_cast";
}

// Those whose results, or whose sizes of results, the caller waits for.
bool waits(const std::string& name) {
  static const char* const names[] = {"aten::_local_scalar_dense", "aten::nonzero",           "aten::masked_select",       "aten::equal",
                                      "aten::is_nonzero",          "aten::_unique2",          "aten::repeat_interleave",   "earthcraft::adamw_",
                                      "earthcraft::conv_pairs",    "earthcraft::neighbour_map", "earthcraft::batch_starts", "earthcraft::window_partition",
                                      "earthcraft::voxel_",        "earthcraft::splat_render"};
  for (const char* one : names)
    if (starts_with(name, one)) return true;
  return false;
}

// In the words of libtorch's allocator.
void check_room(const std::string& name) {
  static const std::string full = [] {
    const char* text = std::getenv("EARTHCRAFT_EMULATED_FULL");
    return std::string(text == nullptr ? "" : text);
  }();
  const size_t colon = full.rfind(':');
  static int left = colon == std::string::npos ? 0 : std::atoi(full.c_str() + colon + 1);
  if (left == 0 || full.compare(0, colon, name) != 0) return;
  --left;
  TORCH_CHECK_WITH(OutOfMemoryError, false, "CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total capacity of 79.18 GiB of which 1.06 GiB is free.");
}

void on_processor(const c10::OperatorHandle& op, c10::DispatchKeySet, torch::jit::Stack* stack) {
  const c10::FunctionSchema& schema = op.schema();
  const std::string& name = schema.name();
  const size_t first = stack->size() - schema.arguments().size();
  const std::vector<c10::IValue> given(stack->begin() + static_cast<std::ptrdiff_t>(first), stack->end());

  bool here = false, there = false;
  std::vector<std::pair<at::Tensor, at::Tensor>> pairs;  // a GPU's tensor and its twin
  for (size_t i = first; i < stack->size(); ++i) {
    c10::IValue& value = (*stack)[i];
    if (value.isDevice() && value.toDevice().is_cuda()) {
      value = c10::Device(c10::DeviceType::CPU);
      there = true;
    }
    change_tensors(value, [&](const at::Tensor& tensor) {
      if (!tensor.defined()) return tensor;
      if (tensor.is_cpu()) {
        here = here || tensor.dim() > 0;
        return tensor;
      }
      there = true;
      pairs.emplace_back(tensor, renamed(tensor, c10::Device(c10::DeviceType::CPU)));
      return pairs.back().second;
    });
  }
  TORCH_CHECK(!(here && there) || takes_both(name), "Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu! (",
              name, ")");
  {
    const std::lock_guard<std::mutex> lock(counts().mutex);
    ++counts().calls;
    if (name == "aten::copy_" && given[0].toTensor().is_cuda() && given[1].toTensor().is_cpu()) ++counts().uploads;
  }
  if (waits(name)) counts().wait(name);
  if (name == "aten::copy_" && given[0].toTensor().is_cpu()) counts().wait("to the processor");

  check_room(name);
  op.callBoxed(stack);

  for (auto& [tensor, twin] : pairs)  // resized in place
    if (tensor.sizes() != twin.sizes()) {
      const at::Tensor grown = renamed(twin, kGpu);
      tensor.unsafeGetTensorImpl()->set_storage_keep_dtype(grown.storage());
      tensor.unsafeGetTensorImpl()->set_sizes_and_strides(grown.sizes(), grown.strides(), grown.storage_offset());
    }
  const size_t results = stack->size() - schema.returns().size();
  for (size_t r = 0; r < schema.returns().size(); ++r) {
    c10::IValue& value = (*stack)[results + r];
    const c10::AliasInfo* alias = schema.returns()[r].alias_info();
    if (alias != nullptr && alias->isWrite()) {
      for (size_t a = 0; a < given.size(); ++a) {
        const c10::AliasInfo* of = schema.arguments()[a].alias_info();
        if (of != nullptr && of->beforeSet() == alias->beforeSet()) value = given[a];
      }
    } else {
      change_tensors(value, [](const at::Tensor& tensor) { return renamed(tensor, kGpu); });
    }
  }
}

struct Guard final : public c10::impl::DeviceGuardImplInterface {
  c10::DeviceType type() const override { return c10::DeviceType::CUDA; }
  c10::Device exchangeDevice(c10::Device) const override { return kGpu; }
  c10::Device getDevice() const override { return kGpu; }
  void setDevice(c10::Device) const override {}
  void uncheckedSetDevice(c10::Device) const noexcept override {}
  c10::Stream getStream(c10::Device device) const override { return c10::Stream(c10::Stream::DEFAULT, device); }
  c10::Stream exchangeStream(c10::Stream stream) const override { return stream; }
  c10::DeviceIndex deviceCount() const noexcept override { return 1; }
  void synchronizeDevice(c10::DeviceIndex) const override {}
};

C10_REGISTER_GUARD_IMPL(CUDA, Guard)

TORCH_LIBRARY_IMPL(_, CUDA, m) { m.fallback(torch::CppFunction::makeFromBoxedFunction<&on_processor>()); }

// One kernel serves all devices there, and asks for a device's own loop.
TORCH_LIBRARY_IMPL(aten, CUDA, m) {
  for (const char* name : {"copy_"}) m.impl(name, torch::CppFunction::makeFromBoxedFunction<&on_processor>());
}

constexpr earthcraft::CudaInterface kInterface{earthcraft::kCudaInterface,
                                               [] { return int32_t{1}; },
                                               [](int32_t) { return std::string("emulated on the processor"); },
                                               [](int32_t) {
                                                 const char* unfit = std::getenv("EARTHCRAFT_EMULATED_UNFIT");
                                                 return std::string(unfit == nullptr ? "" : unfit);
                                               },
                                               [](int32_t) {},
                                               [](int32_t) { write_counts(); },
                                               [](int32_t) { return earthcraft::CudaMemory{3, 5, 7, 11, 13}; },
                                               [](int32_t) {},
                                               [] { ++counts().emptied; }};

}  // namespace

namespace at {  // Registry.h wants it here, and libtorch looks for this name

struct CUDAHooks final : CUDAHooksInterface {
  explicit CUDAHooks(CUDAHooksArgs) {}
  void init() const override {}
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasPrimaryContext(DeviceIndex) const override { return true; }
  bool hasCUDA() const override { return true; }
  DeviceIndex deviceCount() const override { return 1; }
  DeviceIndex getCurrentDevice() const override { return 0; }
  void setCurrentDevice(DeviceIndex) const override {}
  DeviceIndex exchangeDevice(DeviceIndex) const override { return 0; }
  DeviceIndex maybeExchangeDevice(DeviceIndex) const override { return 0; }
};

REGISTER_CUDA_HOOKS(CUDAHooks)

}  // namespace at

extern "C" __attribute__((visibility("default"))) const earthcraft::CudaInterface* ec_cuda_interface() {
  return &kInterface;
}
