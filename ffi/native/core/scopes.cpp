#include "scopes.h"

#include <string>
#include <unordered_map>
#include <vector>

#include "errors.h"
#include "frame.h"

namespace earthcraft {
namespace {

struct Scope {
  uint32_t number;
  std::vector<ec_handle> handles;
};

struct Owners {
  std::vector<Scope> scopes;
  std::vector<std::vector<ec_handle>> spare;  // capacity of ended scopes
  std::unordered_map<uint32_t, std::vector<ec_handle>> arenas;
  uint32_t last_number = 0;
};
Owners& owners() {
  static Owners* instance = new Owners();
  return *instance;
}

// Numbers tell scopes and arenas apart for ever: 2^32 of them last weeks of the densest loop, and a wrapped number meets only long dead ones.
uint32_t next_number() {
  Owners& o = owners();
  if (++o.last_number == 0) ++o.last_number;
  return o.last_number;
}

void free_owned(uint32_t owner, std::vector<ec_handle>& handles) {
  // Latest first, as a stack would.
  for (auto it = handles.rbegin(); it != handles.rend(); ++it)
    if (is_live(*it) && slot_of(*it).owner == owner) release(*it);
  handles.clear();
}

// Where the owner keeps its list; null when nobody frees.
std::vector<ec_handle>* handles_of(uint32_t owner) {
  Owners& o = owners();
  for (auto scope = o.scopes.rbegin(); scope != o.scopes.rend(); ++scope)
    if (scope->number == owner) return &scope->handles;
  const auto arena = o.arenas.find(owner);
  return arena == o.arenas.end() ? nullptr : &arena->second;
}

}  // namespace

uint32_t innermost_scope() noexcept {
  const Owners& o = owners();
  return o.scopes.empty() ? 0 : o.scopes.back().number;
}

void note_issued(ec_handle handle) {
  Owners& o = owners();
  if (!o.scopes.empty()) o.scopes.back().handles.push_back(handle);
}

}  // namespace earthcraft

using namespace earthcraft;

int32_t ec_scope_push(void) noexcept {
  return guarded_count([&] {
    Owners& o = owners();
    std::vector<ec_handle> handles;
    if (!o.spare.empty()) {
      handles = std::move(o.spare.back());
      o.spare.pop_back();
    }
    o.scopes.push_back({next_number(), std::move(handles)});
    return static_cast<int32_t>(o.scopes.size());
  });
}

int32_t ec_scope_pop(int32_t depth, int32_t keep) noexcept {
  return guarded_status([&] {
    Owners& o = owners();
    if (depth < 1 || static_cast<size_t>(depth) != o.scopes.size())
      fail(EC_ARGUMENT, "scope " + std::to_string(depth) + " ends while scope " + std::to_string(o.scopes.size()) +
                            " is the innermost: a scope may not span an await");
    const uint32_t number = o.scopes.back().number;
    const uint32_t outer = depth > 1 ? o.scopes[depth - 2].number : 0;
    FrameReader in;
    for (int32_t i = 0; i < keep; ++i) {
      const ec_handle handle = in.handle();
      Slot& slot = slot_of(handle);
      if (slot.owner != number) continue;  // made outside, or adopted by an arena
      slot.owner = outer;
      if (outer != 0) o.scopes[depth - 2].handles.push_back(handle);
    }
    std::vector<ec_handle> handles = std::move(o.scopes.back().handles);
    o.scopes.pop_back();
    free_owned(number, handles);
    if (o.spare.size() < 16) o.spare.push_back(std::move(handles));
  });
}

int32_t ec_scope_keep_with(ec_handle companion, int32_t count) noexcept {
  return guarded_status([&] {
    const uint32_t owner = slot_of(companion).owner;
    std::vector<ec_handle>* handles = handles_of(owner);
    FrameReader in;
    for (int32_t i = 0; i < count; ++i) {
      const ec_handle handle = in.handle();
      Slot& slot = slot_of(handle);
      if (slot.owner == owner) continue;
      slot.owner = owner;
      if (handles != nullptr) handles->push_back(handle);
    }
  });
}

ec_handle ec_arena_new(void) noexcept {
  return guarded_handle([&] {
    const uint32_t number = next_number();
    owners().arenas[number];
    return issue_arena(number);
  });
}

int32_t ec_arena_adopt(ec_handle arena, int32_t count) noexcept {
  return guarded_status([&] {
    const uint32_t number = arena_number(arena);
    std::vector<ec_handle>& handles = owners().arenas[number];
    if (handles.size() >= 64 && handles.size() == handles.capacity()) {  // before growing, forget what was freed meanwhile
      size_t live = 0;
      for (const ec_handle h : handles)
        if (is_live(h) && slot_of(h).owner == number) handles[live++] = h;
      handles.resize(live);
    }
    FrameReader in;
    for (int32_t i = 0; i < count; ++i) {
      const ec_handle handle = in.handle();
      Slot& slot = slot_of(handle);
      if (slot.owner == number) continue;
      slot.owner = number;
      handles.push_back(handle);
    }
  });
}

int32_t ec_arena_free(ec_handle arena) noexcept {
  return guarded_status([&] {
    const uint32_t number = arena_number(arena);
    auto found = owners().arenas.find(number);
    std::vector<ec_handle> handles = std::move(found->second);
    owners().arenas.erase(found);
    free_owned(number, handles);
    release_arena(arena);
  });
}
