// A CPU allocator that keeps large blocks for reuse, in huge pages, and gives back what recent work did not need.
#pragma once

#include <cstddef>

namespace earthcraft {

struct MemoryStatistics {
  size_t live;    // bytes of tensors
  size_t peak;    // their largest sum since the last reset
  size_t cached;  // bytes freed but kept
};

// Makes it the allocator of all CPU tensors to come.
void install_allocator();
MemoryStatistics memory_statistics() noexcept;
void reset_peak() noexcept;
void trim_memory() noexcept;

}  // namespace earthcraft
