// Counter-based random tensors: uniform, normal, randint(seed, purpose, index, shape).
//
// Element i of a tensor depends on (seed, purpose, index, i) alone, so threads, devices and the order of construction change nothing.
// uniform and randint have equal bits everywhere; normal uses the C library's log, sin and cos.

#include "philox.h"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <algorithm>
#include <cmath>

#include "../core/device.h"

namespace earthcraft {
namespace {

constexpr int64_t kGrain = 1 << 14;

PhiloxStream stream(const char* name, int64_t seed, int64_t purpose, int64_t index) {
  TORCH_CHECK(seed >= 0, name, ": seed must not be negative, got ", seed);
  TORCH_CHECK(purpose >= 0 && purpose <= UINT32_MAX, name, ": purpose must be in [0, 2^32), got ", purpose);
  TORCH_CHECK(index >= 0, name, ": index must not be negative, got ", index);
  return {static_cast<uint64_t>(seed), static_cast<uint32_t>(purpose), static_cast<uint64_t>(index)};
}

at::Tensor fresh(const char* name, at::IntArrayRef shape, at::ScalarType dtype, int per_block) {
  TORCH_CHECK(std::all_of(shape.begin(), shape.end(), [](int64_t size) { return size >= 0; }), name, ": shape must not be negative, got ", shape);
  at::Tensor out = at::empty(shape, at::TensorOptions().dtype(dtype));
  TORCH_CHECK(out.numel() / per_block < int64_t{UINT32_MAX}, name, ": ", out.numel(), " numbers are more than one stream holds");
  return out;
}

// Drawn by the CPU and copied, numbers are the same on every device, normals to the last bit.
at::Tensor placed(const at::Tensor& drawn) { return drawn.to(default_device(), /*non_blocking=*/true); }

// Calls fill(i, words) for blocks of `per_block` elements; i is the first element of a block.
template <typename Fill>
void for_blocks(const PhiloxStream& stream, int64_t count, int per_block, const Fill& fill) {
  at::parallel_for(0, (count + per_block - 1) / per_block, kGrain / per_block, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) fill(block * per_block, stream.block(static_cast<uint32_t>(block)));
  });
}

}  // namespace

at::Tensor uniform(int64_t seed, int64_t purpose, int64_t index, at::IntArrayRef shape) {
  const PhiloxStream words = stream("uniform", seed, purpose, index);
  at::Tensor out = fresh("uniform", shape, at::kFloat, 4);
  float* value = out.mutable_data_ptr<float>();
  const int64_t n = out.numel();
  for_blocks(words, n, 4, [&](int64_t first, const Words4& w) {
    for (int64_t i = first; i < std::min(first + 4, n); ++i) value[i] = static_cast<float>(w[static_cast<int>(i - first)] >> 8) * 0x1p-24f;
  });
  return placed(out);
}

at::Tensor normal(int64_t seed, int64_t purpose, int64_t index, at::IntArrayRef shape) {
  const PhiloxStream words = stream("normal", seed, purpose, index);
  at::Tensor out = fresh("normal", shape, at::kFloat, 4);
  float* value = out.mutable_data_ptr<float>();
  const int64_t n = out.numel();
  for_blocks(words, n, 4, [&](int64_t first, const Words4& w) {
    // Box and Muller: two uniforms make two normals.
    float pair[4];
    for (int half = 0; half < 4; half += 2) {
      const double radius = std::sqrt(-2.0 * std::log((w[half] + 0.5) * 0x1p-32));
      const double angle = 6.283185307179586 * (w[half + 1] * 0x1p-32);
      pair[half] = static_cast<float>(radius * std::cos(angle));
      pair[half + 1] = static_cast<float>(radius * std::sin(angle));
    }
    for (int64_t i = first; i < std::min(first + 4, n); ++i) value[i] = pair[i - first];
  });
  return placed(out);
}

at::Tensor randint(int64_t seed, int64_t purpose, int64_t index, int64_t high, at::IntArrayRef shape) {
  TORCH_CHECK(high > 0, "randint: high must be positive, got ", high);
  const PhiloxStream words = stream("randint", seed, purpose, index);
  at::Tensor out = fresh("randint", shape, at::kLong, 2);
  int64_t* value = out.mutable_data_ptr<int64_t>();
  const int64_t n = out.numel();
  for_blocks(words, n, 2, [&](int64_t first, const Words4& w) {
    // The high half of a 64-bit random times `high`: its bias, high / 2^64, is below what any sample could show.
    for (int64_t i = first; i < std::min(first + 2, n); ++i) {
      const int at = 2 * static_cast<int>(i - first);
      const uint64_t random = static_cast<uint64_t>(w[at]) << 32 | w[at + 1];
      value[i] = static_cast<int64_t>(static_cast<unsigned __int128>(random) * static_cast<uint64_t>(high) >> 64);
    }
  });
  return placed(out);
}

// One block, for the published known answers.
at::Tensor philox_block(at::IntArrayRef key, at::IntArrayRef counter) {
  TORCH_CHECK(key.size() == 2 && counter.size() == 4, "philox_block: wants a key of 2 words and a counter of 4, got ", key.size(), " and ",
              counter.size());
  Words4 words;
  for (int i = 0; i < 4; ++i) words[i] = static_cast<uint32_t>(counter[static_cast<size_t>(i)]);
  words = philox4x32(words, static_cast<uint32_t>(key[0]), static_cast<uint32_t>(key[1]));
  at::Tensor out = at::empty({4}, at::TensorOptions().dtype(at::kLong));
  for (int i = 0; i < 4; ++i) out.mutable_data_ptr<int64_t>()[i] = words[i];
  return out;
}

TORCH_LIBRARY_FRAGMENT(earthcraft, m) {
  m.def("uniform(int seed, int purpose, int index, int[] shape) -> Tensor");
  m.def("normal(int seed, int purpose, int index, int[] shape) -> Tensor");
  m.def("randint(int seed, int purpose, int index, int high, int[] shape) -> Tensor");
  m.def("philox_block(int[] key, int[] counter) -> Tensor");
}
// Without a tensor among the arguments the dispatcher cannot choose a device: these run on the CPU and end on the default device.
TORCH_LIBRARY_IMPL(earthcraft, CompositeExplicitAutograd, m) {
  m.impl("uniform", &uniform);
  m.impl("normal", &normal);
  m.impl("randint", &randint);
  m.impl("philox_block", &philox_block);
}

}  // namespace earthcraft
