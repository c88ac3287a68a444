// Chooses, once a process, which compiled variant of the CPU kernels runs.
//
// Every file in kernels/*.cpp is compiled three times, with -DEC_VARIANT=ec_baseline, ec_avx2 or ec_avx512, each into the namespace of that name.
// A header declares its kernels with EC_DECLARE_VARIANTS and callers pick one with EC_KERNEL(name)(arguments).
// EARTHCRAFT_CPU=baseline|avx2|avx512 forces a variant (for tests, and to compare machines); one that the processor lacks falls back to the best it
// has.
#pragma once

#include <cstdlib>
#include <cstring>

#if defined(__x86_64__)
#define EC_DECLARE_VARIANTS(...) \
  namespace ec_baseline {        \
  __VA_ARGS__                    \
  }                              \
  namespace ec_avx2 {            \
  __VA_ARGS__                    \
  }                              \
  namespace ec_avx512 {          \
  __VA_ARGS__                    \
  }
#define EC_KERNEL(name)                                                                             \
  (::earthcraft::cpu_variant() == ::earthcraft::CpuVariant::avx512 ? &::earthcraft::ec_avx512::name \
   : ::earthcraft::cpu_variant() == ::earthcraft::CpuVariant::avx2 ? &::earthcraft::ec_avx2::name   \
                                                                   : &::earthcraft::ec_baseline::name)
#else
#define EC_DECLARE_VARIANTS(...) \
  namespace ec_baseline {        \
  __VA_ARGS__                    \
  }
#define EC_KERNEL(name) (&::earthcraft::ec_baseline::name)
#endif

namespace earthcraft {

enum class CpuVariant { baseline, avx2, avx512 };

inline CpuVariant best_cpu_variant() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bf16"))
    return CpuVariant::avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c")) return CpuVariant::avx2;
#endif
  return CpuVariant::baseline;
}

inline CpuVariant cpu_variant() {
  static const CpuVariant chosen = [] {
    const CpuVariant best = best_cpu_variant();
    const char* forced = std::getenv("EARTHCRAFT_CPU");
    if (forced == nullptr) return best;
    const CpuVariant wanted = std::strcmp(forced, "baseline") == 0 ? CpuVariant::baseline
                              : std::strcmp(forced, "avx2") == 0   ? CpuVariant::avx2
                                                                   : best;
    return wanted < best ? wanted : best;
  }();
  return chosen;
}

}  // namespace earthcraft
