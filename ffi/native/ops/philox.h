// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): four 32-bit words from a counter and a key, no state.
#pragma once

#include <cstdint>

#include "../kernels/host_device.h"

namespace earthcraft {

struct Words4 {
  uint32_t word[4];
  EC_HOST_DEVICE uint32_t& operator[](int i) { return word[i]; }
  EC_HOST_DEVICE uint32_t operator[](int i) const { return word[i]; }
};

EC_HOST_DEVICE inline Words4 philox4x32(Words4 counter, uint32_t key0, uint32_t key1) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t{0xD2511F53} * counter[0];
    const uint64_t b = uint64_t{0xCD9E8D57} * counter[2];
    counter = {{static_cast<uint32_t>(b >> 32) ^ counter[1] ^ key0, static_cast<uint32_t>(b), static_cast<uint32_t>(a >> 32) ^ counter[3] ^ key1,
                static_cast<uint32_t>(a)}};
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
  return counter;
}

// A stream of words: the seed is the key; purpose and index name the stream, the block is the place in it.
struct PhiloxStream {
  uint64_t seed;
  uint32_t purpose;
  uint64_t index;
  EC_HOST_DEVICE Words4 block(uint32_t number) const {
    return philox4x32({{number, static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32), purpose}}, static_cast<uint32_t>(seed),
                      static_cast<uint32_t>(seed >> 32));
  }
};

}  // namespace earthcraft
