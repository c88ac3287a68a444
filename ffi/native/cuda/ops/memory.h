// What was found out about tensors that many calls share, such as the index of a set of voxels: remembered with them, forgotten with them.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/util/intrusive_ptr.h>

#include <algorithm>
#include <initializer_list>
#include <list>
#include <mutex>
#include <utility>
#include <vector>

namespace earthcraft::gpu {

template <typename Value>
class Memory {
 public:
  // Never freed: when a process ends, CUDA may be gone before its statics are.
  static Memory& of_process() {
    static auto& memory = *new Memory;
    return memory;
  }

  // What is known about `tensors` under this number, or else what `make` finds.
  template <typename Make>
  Value of(std::initializer_list<at::Tensor> tensors, int64_t number, Make&& make) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (auto it = entries_.begin(); it != entries_.end(); ++it)
      if (it->number == number && it->about(tensors)) {
        entries_.splice(entries_.begin(), entries_, it);
        return entries_.front().value;
      }
    entries_.remove_if([](const Entry& entry) { return entry.lost(); });
    if (entries_.size() == kMost) entries_.pop_back();
    entries_.push_front({{tensors.begin(), tensors.end()}, number, make()});
    return entries_.front().value;
  }

 private:
  static constexpr size_t kMost = 64;

  // A weak pointer keeps the address from being given to another storage while it is remembered.
  struct Identity {
    c10::weak_intrusive_ptr<c10::StorageImpl> storage;
    int64_t offset, size;
    uint32_t version;

    Identity(const at::Tensor& t)
        : storage(t.storage().getWeakStorageImpl()), offset(t.storage_offset()), size(t.numel()), version(static_cast<uint32_t>(t._version())) {}

    bool is(const at::Tensor& t) const {
      return !storage.expired() && storage._unsafe_get_target() == t.storage().unsafeGetStorageImpl() && offset == t.storage_offset() &&
             size == t.numel() && version == t._version();
    }
  };

  struct Entry {
    std::vector<Identity> tensors;
    int64_t number;
    Value value;

    bool about(std::initializer_list<at::Tensor> others) const {
      return std::equal(tensors.begin(), tensors.end(), others.begin(), others.end(), [](const Identity& a, const at::Tensor& b) { return a.is(b); });
    }
    bool lost() const {
      return std::any_of(tensors.begin(), tensors.end(), [](const Identity& tensor) { return tensor.storage.expired(); });
    }
  };

  std::mutex mutex_;
  std::list<Entry> entries_;  // the latest first
};

}  // namespace earthcraft::gpu
