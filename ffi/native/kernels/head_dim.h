// How wide an attention head may be, on every device.
#pragma once

#include <cstdint>

namespace earthcraft {

constexpr int64_t kMaxHeadDim = 256;

}  // namespace earthcraft
