// Tensors from bytes and back, and what they look like.

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <vector>

#include "device.h"
#include "errors.h"
#include "frame.h"
#include "handles.h"
#include "recording.h"

namespace earthcraft {
namespace {

at::ScalarType dtype_of(int32_t code) {
  // libtorch keeps a type in eight bits: 262 would be 6.
  if (code < 0 || code > INT8_MAX) fail(EC_DTYPE, "no dtype " + std::to_string(code));
  const auto dtype = static_cast<at::ScalarType>(code);
  switch (dtype) {
    case at::kByte:
    case at::kChar:
    case at::kShort:
    case at::kInt:
    case at::kLong:
    case at::kHalf:
    case at::kFloat:
    case at::kDouble:
    case at::kBool:
    case at::kBFloat16:
      return dtype;
    default:
      fail(EC_DTYPE, "no dtype " + std::to_string(code));
  }
}

struct Layout {
  std::vector<int64_t> sizes;
  uint64_t bytes;
};

Layout read_layout(int32_t dims, at::ScalarType dtype) {
  if (dims < 0 || dims > 64) fail(EC_SHAPE, std::to_string(dims) + " dimensions");
  Layout layout{{}, c10::elementSize(dtype)};
  FrameReader in;
  for (int32_t i = 0; i < dims; ++i) {
    const int64_t size = in.integer();
    if (size < 0) fail(EC_SHAPE, "a dimension of " + std::to_string(size));
    layout.sizes.push_back(size);
  }
  for (const int64_t size : layout.sizes) {
    if (size == 0) {
      layout.bytes = 0;
      return layout;
    }
  }
  for (const int64_t size : layout.sizes)
    if (__builtin_mul_overflow(layout.bytes, static_cast<uint64_t>(size), &layout.bytes) || layout.bytes > (uint64_t{1} << 53))
      fail(EC_SHAPE, "a tensor of more than 2^53 bytes");
  return layout;
}

}  // namespace
}  // namespace earthcraft

using namespace earthcraft;

ec_handle ec_tensor_from(const void* bytes, uint64_t byte_count, int32_t dtype, int32_t dims) noexcept {
  return guarded_handle([&] {
    const at::ScalarType type = dtype_of(dtype);
    const Layout layout = read_layout(dims, type);
    if (layout.bytes != byte_count)
      fail(EC_SHAPE, "the shape needs " + std::to_string(layout.bytes) + " bytes, the array has " + std::to_string(byte_count));
    at::Tensor tensor = at::empty(layout.sizes, at::TensorOptions().dtype(type));
    if (byte_count > 0) std::memcpy(tensor.mutable_data_ptr(), bytes, byte_count);
    // Not waited for: pageable memory has been read when the call returns.
    if (!default_device().is_cpu()) tensor = tensor.to(default_device(), /*non_blocking=*/true);
    return issue(std::move(tensor));
  });
}

ec_handle ec_tensor_map(const char* path, double offset, double byte_count, int32_t dtype, int32_t dims) noexcept {
  return guarded_handle([&] {
    const at::ScalarType type = dtype_of(dtype);
    const Layout layout = read_layout(dims, type);
    if (static_cast<double>(layout.bytes) != byte_count)
      fail(EC_SHAPE, "the shape needs " + std::to_string(layout.bytes) + " bytes, the file offers " + std::to_string(byte_count));
    if (layout.bytes == 0) return issue(at::empty(layout.sizes, at::TensorOptions().dtype(type)));
    if (!(offset >= 0) || offset > 9007199254740992.0) fail(EC_ARGUMENT, "a negative offset");
    const auto begin = static_cast<uint64_t>(offset);
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) fail(EC_IO, std::string(path) + ": " + std::strerror(errno));
    struct stat info = {};
    if (fstat(file, &info) != 0 || static_cast<uint64_t>(info.st_size) < begin + layout.bytes) {
      close(file);
      fail(EC_IO, std::string(path) + ": shorter than its header says");
    }
    const auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
    const uint64_t skip = begin % page;
    const uint64_t length = layout.bytes + skip;
    void* base = mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, static_cast<off_t>(begin - skip));
    const int error = errno;
    close(file);
    if (base == MAP_FAILED) fail(EC_IO, std::string(path) + ": " + std::strerror(error));
    return issue(at::from_blob(
        static_cast<char*>(base) + skip, layout.sizes, [base, length](void*) { munmap(base, length); }, at::TensorOptions().dtype(type)));
  });
}

int32_t ec_tensor_info(ec_handle tensor) noexcept {
  return guarded_status([&] {
    const at::Tensor& t = tensor_of(tensor);
    FrameWriter out;
    out.word(static_cast<double>(t.scalar_type()));
    out.word(static_cast<double>(t.device().type()));
    out.word(t.device().has_index() ? t.device().index() : 0);
    out.word(t.requires_grad() ? 1 : 0);
    out.word(t.is_leaf() ? 1 : 0);
    out.word(static_cast<double>(t.dim()));
    for (const int64_t size : t.sizes()) out.word(static_cast<double>(size));
  });
}

int32_t ec_tensor_read(ec_handle tensor, void* bytes, uint64_t byte_count) noexcept {
  return guarded_status([&] {
    const Slot& slot = slot_of(tensor);
    check_readable(slot.recording);
    at::Tensor t = slot.tensor.detach();
    if (t.nbytes() != byte_count) fail(EC_SHAPE, "the tensor has " + std::to_string(t.nbytes()) + " bytes, the array " + std::to_string(byte_count));
    t = t.cpu().contiguous();
    if (byte_count > 0) std::memcpy(bytes, t.const_data_ptr(), byte_count);
  });
}

int32_t ec_tensor_free(int32_t count) noexcept {
  return guarded_status([&] {
    FrameReader in;
    std::vector<ec_handle> handles;
    for (int32_t i = 0; i < count; ++i) handles.push_back(in.handle());
    for (const ec_handle handle : handles) release(handle);
  });
}

int32_t ec_tensor_release(ec_handle tensor) noexcept {
  return guarded_status([&] { release(tensor); });
}

int32_t ec_tensor_live(ec_handle tensor) noexcept {
  return guarded_count([&] { return is_live(tensor) ? 1 : 0; });
}
