// A GPU costs nothing until one is asked for: libtorch_cuda (1 GB with its libraries) and libearthcraft_cuda.so are opened by the first call that
// names a CUDA device. Whatever is missing on the way is said in words of the user's world, for libtorch's own come late and name C++ classes.

#include "device.h"

#include <ATen/Context.h>
#include <dlfcn.h>

#include <cstdlib>
#include <cstring>
#include <set>
#include <string>

#include "../cuda/interface.h"
#include "allocator.h"
#include "errors.h"
#include "frame.h"

namespace earthcraft {
namespace {

constexpr int kDriverNeeded = 13000;  // CUDA 13.0, which libtorch 2.11.0 is built with

c10::Device chosen(c10::DeviceType::CPU);
const CudaInterface* cuda = nullptr;
bool differentiated = false;

// The folder of the library that holds `address`.
std::string folder_of(const void* address) {
  Dl_info info = {};
  if (dladdr(address, &info) == 0 || info.dli_fname == nullptr) fail(EC_INTERNAL, "a library does not know where it lies");
  const std::string path = info.dli_fname;
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

void* opened(const std::string& path, int flags, const std::string& otherwise) {
  void* library = dlopen(path.c_str(), flags);
  if (library == nullptr) {
    const char* reason = dlerror();
    fail(EC_UNSUPPORTED, otherwise + (reason == nullptr ? "" : std::string(" (") + reason + ")"));
  }
  return library;
}

// Asks the driver itself, before a gigabyte of libraries is opened for nothing.
void check_driver() {
  void* driver = opened("libcuda.so.1", RTLD_NOW | RTLD_LOCAL,
                        "no NVIDIA driver answers on this machine; use --device cpu, or install a driver for CUDA 13.0 (580 or newer)");
  const auto init = reinterpret_cast<int (*)(unsigned)>(dlsym(driver, "cuInit"));
  const auto version = reinterpret_cast<int (*)(int*)>(dlsym(driver, "cuDriverGetVersion"));
  const auto count = reinterpret_cast<int (*)(int*)>(dlsym(driver, "cuDeviceGetCount"));
  if (init == nullptr || version == nullptr || count == nullptr) fail(EC_UNSUPPORTED, "libcuda.so.1 is no driver of NVIDIA's; use --device cpu");
  int number = 0;
  if (version(&number) == 0 && number < kDriverNeeded)
    fail(EC_UNSUPPORTED, "the NVIDIA driver is made for CUDA " + std::to_string(number / 1000) + "." + std::to_string(number % 1000 / 10) +
                             ", libtorch for 13.0; install driver 580 or newer, or use --device cpu");
  const int status = init(0);
  int devices = 0;
  if (status == 0 && count(&devices) == 0 && devices > 0) return;
  const char* hidden = std::getenv("CUDA_VISIBLE_DEVICES");
  fail(EC_UNSUPPORTED, "the NVIDIA driver finds no GPU (cuInit answers " + std::to_string(status) + ")" +
                           (hidden == nullptr ? "" : std::string("; CUDA_VISIBLE_DEVICES is '") + hidden + "'") + "; use --device cpu");
}

void open_cuda() {
  if (cuda != nullptr) return;
  if (differentiated) fail(EC_UNSUPPORTED, "the first CUDA device was asked for after gradients were computed on the CPU: choose the device before");
  const std::string what_to_do = "run `earthcraft setup --cuda`";
  const char* named = std::getenv("EARTHCRAFT_NATIVE_CUDA");
  std::string path = named == nullptr ? "" : named;
  if (path.empty()) {
    check_driver();
    const std::string torch = folder_of(reinterpret_cast<const void*>(&at::globalContext));
    opened(torch + "/libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL, "libtorch in " + torch + " does not open for CUDA; " + what_to_do);
    path = folder_of(reinterpret_cast<const void*>(&ec_abi_version)) + "/libearthcraft_cuda.so";
  }
  // cuBLAS repeats its sums in the same order only with a workspace of fixed size. libtorch gives it one; CUBLAS_WORKSPACE_CONFIG, which older ones
  // asked for, is not set: this one reads it with a regular expression at every product, 50 to 150 microseconds each time.
  void* library = opened(path, RTLD_NOW | RTLD_GLOBAL, "earthcraft's CUDA library does not open; " + what_to_do);
  const auto ask = reinterpret_cast<const CudaInterface* (*)()>(dlsym(library, "ec_cuda_interface"));
  const CudaInterface* answer = ask == nullptr ? nullptr : ask();
  if (answer == nullptr || answer->version != kCudaInterface) fail(EC_UNSUPPORTED, path + " was not built with this libearthcraft.so; " + what_to_do);
  // Where CUDA has no repeatable form of an operator it runs the other one: an error would stop a training that the CPU would go through.
  at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/true);
  // f32 stays f32: TF32 would keep ten bits of every factor.
  at::globalContext().setAllowTF32CuBLAS(false);
  at::globalContext().setAllowTF32CuDNN(false);
  cuda = answer;
}

const CudaInterface& need_cuda() {
  if (cuda == nullptr) fail(EC_ARGUMENT, "no CUDA device is in use");
  return *cuda;
}

c10::Device parsed(const char* text) {
  if (text == nullptr) fail(EC_ARGUMENT, "no device is named");
  c10::Device device(c10::DeviceType::CPU);
  try {
    device = c10::Device(std::string(text));
  } catch (const c10::Error&) {
    fail(EC_ARGUMENT, std::string("device '") + text + "': expected cpu, cuda or cuda:0");
  }
  if (device.is_cuda() && !device.has_index()) device.set_index(0);
  return device;
}

// Once a GPU, when it is chosen: the first convolution would fail with `invalid argument`, after all data has been read.
void check_fit(c10::Device device) {
  static std::set<c10::DeviceIndex> fit;
  if (fit.count(device.index()) > 0) return;
  const std::string why_not = cuda->unfit(device.index());
  if (!why_not.empty()) fail(EC_UNSUPPORTED, "device '" + device.str() + "' (" + cuda->name(device.index()) + "): " + why_not + "; use --device cpu");
  fit.insert(device.index());
}

}  // namespace

c10::Device default_device() noexcept { return chosen; }

bool gpu_in_use() noexcept { return cuda != nullptr; }

void release_memory() {
  trim_memory();
  if (cuda != nullptr) cuda->empty_cache();
}

std::string gpu_memory_report() noexcept {
  if (cuda == nullptr || !chosen.is_cuda()) return {};
  try {
    const CudaMemory memory = cuda->memory(chosen.index());
    const auto bytes = [](double value) { return std::to_string(static_cast<int64_t>(value)); };
    return chosen.str() + " has " + bytes(memory.live) + " bytes in use, " + bytes(memory.peak) + " at most until now, " + bytes(memory.cached) +
           " kept for reuse, and " + bytes(memory.free) + " free of " + bytes(memory.total);
  } catch (...) {
    return {};
  }
}

void note_backward() noexcept { differentiated = true; }

void open_device(c10::Device device) {
  if (device.is_cpu() || device.is_meta()) return;
  if (!device.is_cuda()) fail(EC_UNSUPPORTED, "device '" + device.str() + "': only cpu and cuda are known");
  open_cuda();
  const int32_t there = cuda->count();
  if (device.has_index() && device.index() >= there)
    fail(EC_UNSUPPORTED, "device '" + device.str() + "': this machine has " + std::to_string(there) + " GPU" + (there == 1 ? "" : "s") +
                             ", counted from 0; use a smaller number or --device cpu");
}

}  // namespace earthcraft

using namespace earthcraft;

int32_t ec_device_use(const char* device) noexcept {
  return guarded_status([&] {
    const c10::Device wanted = parsed(device);
    open_device(wanted);
    if (wanted.is_cuda()) {
      check_fit(wanted);
      cuda->use(wanted.index());
    }
    chosen = wanted;
  });
}

int32_t ec_device_count(void) noexcept {
  return guarded_count([&]() -> int32_t {
    open_cuda();
    return cuda->count();
  });
}

int32_t ec_device_name(int32_t device) noexcept {
  return guarded_status([&] {
    if (device < 0 || device > INT8_MAX) fail(EC_ARGUMENT, "no GPU has the number " + std::to_string(device));
    open_device(c10::Device(c10::DeviceType::CUDA, static_cast<c10::DeviceIndex>(device)));
    const std::string name = cuda->name(device);
    std::memcpy(frame().message, name.data(), std::min<size_t>(name.size(), EC_MESSAGE_BYTES));
    frame().message_bytes = static_cast<double>(std::min<size_t>(name.size(), EC_MESSAGE_BYTES));
  });
}

int32_t ec_device_synchronize(int32_t device) noexcept {
  return guarded_status([&] { need_cuda().synchronize(device); });
}

int32_t ec_device_memory(int32_t device) noexcept {
  return guarded_status([&] {
    const CudaMemory memory = need_cuda().memory(device);
    FrameWriter out;
    for (const double bytes : {memory.live, memory.peak, memory.cached, memory.free, memory.total}) out.word(bytes);
  });
}

int32_t ec_device_reset_peak(int32_t device) noexcept {
  return guarded_status([&] { need_cuda().reset_peak(device); });
}

int32_t ec_device_empty_cache(void) noexcept {
  return guarded_status([&] { need_cuda().empty_cache(); });
}
