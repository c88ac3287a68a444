// How pair lists of sparse convolutions are cut, on every device.
#pragma once

#include <cstdint>

namespace earthcraft {

constexpr int64_t kConvBlock = 256;  // output rows whose sums stay in cache, or in a multiprocessor, while all taps pass

// Pairs (input row, output row), grouped by block of output rows and, inside a block, by tap. A row is met at most once a block and tap.
struct ConvPairs {
  const int32_t* in_rows;
  const int32_t* out_rows;
  const int64_t* starts;  // [blocks * taps + 1]
  int64_t taps;
  int64_t rows;  // output rows
};

}  // namespace earthcraft
