// How windows and heads are dealt to the blocks of threads of a GPU.
#pragma once

#include <cstdint>

#include "host_device.h"

namespace earthcraft {

// Heads head to head + heads − 1 of a set; `set`: its place in the order of size.
struct WindowShare {
  int64_t set, head;
  int heads;
};

struct WindowShares {
  int64_t sets, long_sets, heads;  // long_sets: the first, which do not fit into shared memory and take a block for every head
  int together;                    // heads of the other sets that a block takes one after another

  EC_HOST_DEVICE int64_t blocks() const { return long_sets * heads + (sets - long_sets) * (heads / together); }

  EC_HOST_DEVICE WindowShare of(int64_t block) const {
    if (block < long_sets * heads) return {block / heads, block % heads, 1};
    const int64_t rest = block - long_sets * heads, parts = heads / together;
    return {long_sets + rest / parts, rest % parts * together, together};
  }
};

// As many heads together as leave a GPU four rounds of the blocks that it runs at a time.
inline WindowShares window_shares(int64_t sets, int64_t long_sets, int64_t heads, int64_t at_a_time) {
  WindowShares shares{sets, long_sets, heads, static_cast<int>(heads)};
  while (shares.together % 2 == 0 && shares.blocks() < 4 * at_a_time) shares.together /= 2;
  return shares;
}

}  // namespace earthcraft
