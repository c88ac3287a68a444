#include "longest_set.h"

#include <ATen/ops/diff.h>
#include <c10/util/intrusive_ptr.h>

#include <list>
#include <mutex>

namespace earthcraft::gpu {
namespace {

// A weak pointer keeps the address from being given to another storage while it is remembered.
struct Remembered {
  c10::weak_intrusive_ptr<c10::StorageImpl> storage;
  int64_t offset, size;
  uint32_t version;
  int64_t longest;

  bool about(const at::Tensor& t) const {
    return !storage.expired() && storage._unsafe_get_target() == t.storage().unsafeGetStorageImpl() && offset == t.storage_offset() &&
           size == t.size(0) && version == t._version();
  }
};

constexpr size_t kRemembered = 64;
std::mutex mutex;
std::list<Remembered> memory;  // the latest first

}  // namespace

int64_t longest_set(const at::Tensor& starts) {
  if (starts.size(0) < 2) return 0;
  const std::lock_guard<std::mutex> lock(mutex);
  for (auto it = memory.begin(); it != memory.end(); ++it)
    if (it->about(starts)) {
      memory.splice(memory.begin(), memory, it);
      return memory.front().longest;
    }
  const int64_t longest = at::diff(starts).max().item<int64_t>();
  memory.push_front({starts.storage().getWeakStorageImpl(), starts.storage_offset(), starts.size(0), static_cast<uint32_t>(starts._version()), longest});
  if (memory.size() > kRemembered) memory.pop_back();
  return longest;
}

}  // namespace earthcraft::gpu
