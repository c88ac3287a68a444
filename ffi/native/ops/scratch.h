// Working memory of a kernel call: one block a thread, kept and grown, because fresh pages cost many times their fill.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace earthcraft {

// 64-byte aligned, uninitialised, valid until the same thread asks again.
inline float* thread_scratch(int64_t floats) {
  struct Free {
    void operator()(float* block) const { std::free(block); }
  };
  thread_local std::unique_ptr<float, Free> block;
  thread_local int64_t capacity = 0;
  if (floats > capacity) {
    block.reset();
    capacity = 0;
    const size_t bytes = (static_cast<size_t>(floats) * sizeof(float) + 63) / 64 * 64;
    block.reset(static_cast<float*>(std::aligned_alloc(64, bytes)));
    if (!block) throw std::bad_alloc();
    capacity = floats;
  }
  return block.get();
}

}  // namespace earthcraft
