// Rows of ragged token sets, for the attention kernels.
#pragma once

#include "attention.h"
#include "simd.h"

namespace earthcraft::EC_VARIANT {

constexpr float kNone = -__builtin_inff();

inline int64_t padded(int64_t count) { return (count + 15) / 16 * 16; }

inline const char* row_at(const Tokens& t, int64_t token, int64_t head, int64_t element) {
  return static_cast<const char*>(t.data) + ((t.order ? t.order[token] : token) * t.row_stride + head * t.head_stride) * element;
}

inline void scatter(const Tokens& t, bool bf16, int64_t token, int64_t head, int64_t dim, float factor, const float* row) {
  if (bf16) {
    auto* to = reinterpret_cast<uint16_t*>(const_cast<char*>(row_at(t, token, head, 2)));
    for (int64_t d = 0; d < dim; ++d) to[d] = float_to_bf16(factor * row[d]);
  } else {
    auto* to = reinterpret_cast<float*>(const_cast<char*>(row_at(t, token, head, 4)));
    int64_t d = 0;
    for (; d + kLanes <= dim; d += kLanes) store(to + d, splat(factor) * load(row + d));
    for (; d < dim; ++d) to[d] = factor * row[d];
  }
}

}  // namespace earthcraft::EC_VARIANT
