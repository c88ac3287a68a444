// Whether the processor has tiles for bf16 (AMX) that libtorch uses. Without them an Intel processor multiplies bf16 no faster than f32, whose sums
// are more exact.
#pragma once

#include <ATen/native/CPUBlas.h>

#include "../kernels/dispatch.h"

namespace earthcraft {

inline bool has_bf16_tiles() {
#if defined(__x86_64__)
  static const bool found = cpu_variant() == CpuVariant::avx512 && at::native::cpublas::could_pack(at::kBFloat16);
  return found;
#else
  return false;
#endif
}

}  // namespace earthcraft
