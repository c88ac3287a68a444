// What the tests of kernels share: the variants that this processor runs, buffers of the exact size, and comparison with a reference in double.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "kernels/dispatch.h"

namespace earthcraft::test {

template <typename Function>
struct Variant {
  std::string name;
  Function* run;
};

template <typename Function>
std::vector<Variant<Function>> running(std::vector<Variant<Function>> all) {
  all.resize(static_cast<size_t>(best_cpu_variant()) + 1);
  return all;
}

// Every variant of a kernel that this processor runs: for (const auto& [name, run] : EC_VARIANTS(gelu_forward)) …
#if defined(__x86_64__)
#define EC_VARIANTS(kernel)                                                 \
  ::earthcraft::test::running<decltype(::earthcraft::ec_baseline::kernel)>( \
      {{"baseline", &::earthcraft::ec_baseline::kernel}, {"avx2", &::earthcraft::ec_avx2::kernel}, {"avx512", &::earthcraft::ec_avx512::kernel}})
#else
#define EC_VARIANTS(kernel) \
  ::earthcraft::test::running<decltype(::earthcraft::ec_baseline::kernel)>({{"baseline", &::earthcraft::ec_baseline::kernel}})
#endif

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

// Uniform in [-1, 1), the same on every machine.
inline Floats drawn(int64_t count, uint32_t seed) {
  Floats values(static_cast<size_t>(count));
  uint64_t state = seed * 0x9E3779B97F4A7C15ull + 1;
  for (float& value : values) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    value = static_cast<float>(static_cast<int32_t>(state >> 32)) / 2147483648.0f;
  }
  return values;
}

inline Doubles widened(const Floats& values) { return Doubles(values.begin(), values.end()); }

// Largest difference, as a share of the largest value where that is above 1.
inline double difference(const Floats& found, const Doubles& wanted) {
  EXPECT_EQ(found.size(), wanted.size());
  double worst = 0, largest = 1;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (!(std::abs(found[i] - wanted[i]) <= worst)) worst = std::abs(found[i] - wanted[i]);
    largest = std::max(largest, std::abs(wanted[i]));
  }
  return worst / largest;
}

}  // namespace earthcraft::test
