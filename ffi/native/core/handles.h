// Handles: 20 bits of slot, 12 of generation. A freed slot waits in a queue before it is used again, so that a stale handle meets an empty slot,
// not a stranger's tensor.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "../include/earthcraft.h"

namespace earthcraft {

enum class SlotKind : uint8_t { kFree, kTensor, kArena };

struct Slot {
  at::Tensor tensor;
  uint32_t owner = 0;      // number of the scope or arena that frees it; 0: nobody
  uint32_t recording = 0;  // number of the recording that made it; 0: none
  int32_t value = -1;      // which value of that recording
  uint16_t generation = 1;
  SlotKind kind = SlotKind::kFree;
};

// Gives the tensor a handle owned by the innermost scope.
ec_handle issue(at::Tensor tensor);

// The slot of a live tensor; throws EC_STALE or EC_FOREIGN.
Slot& slot_of(ec_handle handle);
const at::Tensor& tensor_of(ec_handle handle);

// False when the handle was freed before; throws EC_FOREIGN for one that never was a tensor's.
bool release(ec_handle handle);
bool is_live(ec_handle handle) noexcept;
size_t live_handles() noexcept;

}  // namespace earthcraft
