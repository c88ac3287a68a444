// A fresh large tensor costs 6 to 14 times its fill in page faults; a block that was used before costs nothing, and huge pages make even the first
// use cheaper. Blocks of 256 KiB and more are therefore kept when freed, while all memory together stays within 1.2 times what the last few
// thousand allocations needed at once.

#include "allocator.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <malloc.h>
#include <sys/mman.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <list>
#include <map>
#include <mutex>
#include <new>

namespace earthcraft {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kHuge = size_t{2} << 20;
constexpr size_t kLarge = size_t{256} << 10;  // smaller ones are the C library's business
constexpr size_t kAlwaysKept = size_t{64} << 20;
constexpr uint32_t kWindow = 4096;             // large allocations that "recent" means
constexpr uint64_t kMagic = 0x65617274686372;  // "earthcr"

// Stands before every block's data.
struct alignas(kAlignment) Header {
  uint64_t magic;
  size_t asked;   // bytes of the tensor
  size_t length;  // bytes of the whole block, header included
};
static_assert(sizeof(Header) == kAlignment, "data must stay aligned");

// Eight sizes an octave: at most an eighth is wasted, and tensors of slightly different size share blocks.
size_t rounded(size_t bytes) {
  const size_t step = std::max(kLarge / 4, size_t{1} << (63 - __builtin_clzll(bytes) - 3));
  return (bytes + step - 1) / step * step;
}

class Cache {
 public:
  Header* take(size_t asked) {
    const size_t length = rounded(asked + sizeof(Header));
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      advance_window();
      auto found = by_size_.lower_bound(length);
      if (found != by_size_.end() && found->first <= length + length / 4) {
        Header* block = *found->second;
        cached_ -= block->length;
        order_.erase(found->second);
        by_size_.erase(found);
        count(block->length, asked);
        return block;
      }
      count(length, asked);
      evict();
    }
    Header* block = map(length);
    if (block == nullptr && release_all() > 0) block = map(length);  // the kept blocks were what is missing
    if (block == nullptr) {
      const std::lock_guard<std::mutex> lock(mutex_);
      used_ -= length;
      asked_ -= asked;
    }
    return block;
  }

  void put(Header* block) {
    const std::lock_guard<std::mutex> lock(mutex_);
    used_ -= block->length;
    asked_ -= block->asked;
    cached_ += block->length;
    order_.push_back(block);
    by_size_.emplace(block->length, std::prev(order_.end()));
    evict();
  }

  // Gives all kept blocks back; returns their bytes.
  size_t release_all() {
    const std::lock_guard<std::mutex> lock(mutex_);
    const size_t bytes = cached_;
    while (!order_.empty()) drop_oldest();
    return bytes;
  }

  size_t cached() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return cached_;
  }

 private:
  using Order = std::list<Header*>;

  void advance_window() {
    if (++in_window_ < kWindow) return;
    in_window_ = 0;
    last_peak_ = window_peak_;
    window_peak_ = asked_;
  }

  void count(size_t length, size_t asked) {
    used_ += length;
    asked_ += asked;
    window_peak_ = std::max(window_peak_, asked_);
  }

  void evict() {
    const size_t needed = std::max(window_peak_, last_peak_);
    const size_t limit = std::max(kAlwaysKept, needed + needed / 5);
    while (!order_.empty() && used_ + cached_ > limit) drop_oldest();
  }

  void drop_oldest() {
    Header* block = order_.front();
    auto [it, end] = by_size_.equal_range(block->length);
    while (it != end && *it->second != block) ++it;
    by_size_.erase(it);
    order_.pop_front();
    cached_ -= block->length;
    munmap(block, block->length);
  }

  static Header* map(size_t length) {
    // One huge page more than needed, so that the block can begin at one's border.
    const size_t slack = length >= kHuge ? kHuge : 0;
    void* base = mmap(nullptr, length + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED) return nullptr;
    auto address = reinterpret_cast<uintptr_t>(base);
    if (slack > 0) {
      const uintptr_t begin = (address + kHuge - 1) / kHuge * kHuge;
      if (begin > address) munmap(base, begin - address);
      if (begin + length < address + length + slack) munmap(reinterpret_cast<void*>(begin + length), address + slack - begin);
      address = begin;
      madvise(reinterpret_cast<void*>(address), length, MADV_HUGEPAGE);
    }
    auto* block = reinterpret_cast<Header*>(address);
    block->magic = kMagic;
    block->length = length;
    return block;
  }

  std::mutex mutex_;
  Order order_;  // the longest freed first
  std::multimap<size_t, Order::iterator> by_size_;
  size_t used_ = 0, cached_ = 0;  // lengths of blocks
  size_t asked_ = 0;              // bytes of tensors in used blocks
  size_t window_peak_ = 0, last_peak_ = 0;
  uint32_t in_window_ = 0;
};

Cache& cache() {
  static auto* instance = new Cache();
  return *instance;
}

std::atomic<size_t> live{0}, peak{0};

// A small block, of the C library's.
Header* small_block(size_t bytes) {
  const size_t length = (sizeof(Header) + bytes + kAlignment - 1) / kAlignment * kAlignment;
  void* block = std::aligned_alloc(kAlignment, length);
  if (block == nullptr && cache().release_all() > 0) block = std::aligned_alloc(kAlignment, length);
  if (block != nullptr) static_cast<Header*>(block)->length = 0;
  return static_cast<Header*>(block);
}

// What operators keep in vectors while they work is not ours to allocate; but the kept blocks can make room for it.
void make_room() {
  if (cache().release_all() == 0) throw std::bad_alloc();
}

void count_in(size_t bytes) {
  const size_t now = live.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  size_t before = peak.load(std::memory_order_relaxed);
  while (now > before && !peak.compare_exchange_weak(before, now, std::memory_order_relaxed)) {
  }
}

void give_back(void* data) {
  if (data == nullptr) return;
  auto* block = static_cast<Header*>(data) - 1;
  live.fetch_sub(block->asked, std::memory_order_relaxed);
  if (block->length == 0)
    std::free(block);
  else
    cache().put(block);
}

class Allocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    if (bytes == 0) return {nullptr, nullptr, &give_back, c10::Device(c10::DeviceType::CPU)};
    const size_t kept = bytes < kLarge ? 0 : cache().cached();
    Header* block = bytes < kLarge ? small_block(bytes) : bytes < SIZE_MAX / 2 ? cache().take(bytes) : nullptr;
    TORCH_CHECK_WITH(OutOfMemoryError, block != nullptr, "out of memory: a tensor of ", bytes, " bytes beside ", live.load(), " in use, ",
                     peak.load(), " at most until now; ", kept, " kept for reuse were given back and did not make room");
    block->magic = kMagic;
    block->asked = bytes;
    count_in(bytes);
    void* data = block + 1;
    return {data, data, &give_back, c10::Device(c10::DeviceType::CPU)};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &give_back; }

  void copy_data(void* dest, const void* src, std::size_t count) const override { default_copy_data(dest, src, count); }
};

}  // namespace

void install_allocator() {
#if !defined(__SANITIZE_ADDRESS__)  // which wants to see every allocation
  static auto* allocator = new Allocator();
  c10::SetCPUAllocator(allocator, /*priority=*/1);
  std::set_new_handler(&make_room);
#endif
}

MemoryStatistics memory_statistics() noexcept { return {live.load(), peak.load(), cache().cached()}; }

void reset_peak() noexcept { peak.store(live.load()); }

void trim_memory() noexcept {
  cache().release_all();
  malloc_trim(0);
}

}  // namespace earthcraft
