// Who frees a tensor: the innermost scope when it ends, or the arena that adopted it.
#pragma once

#include "handles.h"

namespace earthcraft {

// 0 outside all scopes.
uint32_t innermost_scope() noexcept;
void note_issued(ec_handle handle);

// handles.cpp
ec_handle issue_arena(uint32_t number);
uint32_t arena_number(ec_handle handle);
void release_arena(ec_handle handle);

}  // namespace earthcraft
