#include "handles.h"

#include <deque>
#include <string>

#include "errors.h"
#include "scopes.h"

namespace earthcraft {
namespace {

constexpr uint32_t kSlotBits = 20;
constexpr uint32_t kSlotMask = (1u << kSlotBits) - 1;
constexpr uint32_t kGenerations = 1u << (32 - kSlotBits);
constexpr size_t kQuarantine = 1024;

// Leaked on purpose: tensors must not be destroyed after libtorch's own statics.
struct Table {
  std::deque<Slot> slots;  // a deque keeps addresses when it grows
  std::deque<uint32_t> free;
  size_t live = 0;
};
Table& table() {
  static Table* instance = [] {
    auto* t = new Table();
    t->slots.emplace_back();  // slot 0 is never issued: handle 0 means none
    return t;
  }();
  return *instance;
}

uint32_t take_slot() {
  Table& t = table();
  if (t.free.size() > kQuarantine) {
    const uint32_t index = t.free.front();
    t.free.pop_front();
    return index;
  }
  if (t.slots.size() > kSlotMask) {
    if (t.free.empty()) fail(EC_MEMORY, "1,048,575 tensors are alive: something keeps them out of every scope");
    const uint32_t index = t.free.front();
    t.free.pop_front();
    return index;
  }
  t.slots.emplace_back();
  return static_cast<uint32_t>(t.slots.size() - 1);
}

Slot* find(ec_handle handle) {
  Table& t = table();
  const uint32_t index = handle & kSlotMask;
  if (index == 0 || index >= t.slots.size()) return nullptr;
  return &t.slots[index];
}

bool never_issued(ec_handle handle, const Slot* slot) {
  const uint32_t generation = handle >> kSlotBits;
  return slot == nullptr || generation == 0;
}

ec_handle open_slot(SlotKind kind, at::Tensor tensor, uint32_t owner) {
  Table& t = table();
  const uint32_t index = take_slot();
  Slot& slot = t.slots[index];
  slot.kind = kind;
  slot.tensor = std::move(tensor);
  slot.owner = owner;
  slot.recording = 0;
  slot.value = -1;
  ++t.live;
  return static_cast<uint32_t>(slot.generation) << kSlotBits | index;
}

void close_slot(ec_handle handle, Slot& slot) {
  Table& t = table();
  slot.kind = SlotKind::kFree;
  slot.owner = 0;
  slot.generation = slot.generation + 1u < kGenerations ? static_cast<uint16_t>(slot.generation + 1u) : uint16_t{1};
  --t.live;
  t.free.push_back(handle & kSlotMask);
  at::Tensor last = std::move(slot.tensor);  // destroyed after the table is consistent again
}

}  // namespace

ec_handle issue(at::Tensor tensor) {
  const ec_handle handle = open_slot(SlotKind::kTensor, std::move(tensor), innermost_scope());
  note_issued(handle);
  return handle;
}

ec_handle issue_arena(uint32_t number) { return open_slot(SlotKind::kArena, at::Tensor(), number); }

uint32_t arena_number(ec_handle handle) {
  const Slot* slot = find(handle);
  if (never_issued(handle, slot)) fail(EC_FOREIGN, "no such arena");
  if (slot->generation != handle >> kSlotBits || slot->kind == SlotKind::kFree) fail(EC_STALE, "the arena was disposed");
  if (slot->kind != SlotKind::kArena) fail(EC_FOREIGN, "a tensor's handle where an arena's belongs");
  return slot->owner;
}

void release_arena(ec_handle handle) { close_slot(handle, *find(handle)); }

Slot& slot_of(ec_handle handle) {
  Slot* slot = find(handle);
  if (never_issued(handle, slot)) fail(EC_FOREIGN, "handle " + std::to_string(handle) + " was never issued");
  if (slot->generation != handle >> kSlotBits || slot->kind == SlotKind::kFree) fail(EC_STALE, "used after it was disposed or its scope ended");
  if (slot->kind != SlotKind::kTensor) fail(EC_FOREIGN, "an arena's handle where a tensor's belongs");
  return *slot;
}

const at::Tensor& tensor_of(ec_handle handle) { return slot_of(handle).tensor; }

bool release(ec_handle handle) {
  Slot* slot = find(handle);
  if (never_issued(handle, slot)) fail(EC_FOREIGN, "handle " + std::to_string(handle) + " was never issued");
  if (slot->generation != handle >> kSlotBits || slot->kind == SlotKind::kFree) return false;
  if (slot->kind != SlotKind::kTensor) fail(EC_FOREIGN, "an arena's handle where a tensor's belongs");
  close_slot(handle, *slot);
  return true;
}

bool is_live(ec_handle handle) noexcept {
  const Slot* slot = find(handle);
  return slot != nullptr && slot->kind == SlotKind::kTensor && slot->generation == handle >> kSlotBits;
}

size_t live_handles() noexcept { return table().live; }

}  // namespace earthcraft
