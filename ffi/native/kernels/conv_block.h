// How pair lists of sparse convolutions are cut, on every device.
#pragma once

#include <cstdint>

namespace earthcraft {

constexpr int64_t kConvBlock = 256;  // output rows whose sums stay in cache, or in a multiprocessor, while all taps pass

}  // namespace earthcraft
