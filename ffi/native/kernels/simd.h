// Vectors of floats as wide as the variant being compiled: 16 lanes with AVX-512, 8 with AVX2, 4 otherwise.
//
// Include only from kernels/*.cpp. Everything lives in the variant's namespace: an inline function shared by two variants would be merged by the
// linker, and the AVX-512 copy could then run on a machine without it. For the same reason these files use no std:: template.
#pragma once

#include <cstdint>

#include "host_device.h"

#ifndef EC_VARIANT
#error "kernels/*.cpp are compiled with -DEC_VARIANT=ec_baseline, ec_avx2 or ec_avx512"
#endif

namespace earthcraft::EC_VARIANT {

#if defined(__AVX512F__)
constexpr int kLanes = 16;
constexpr int kMaxColumns = 4;  // vectors side by side in a register tile
#elif defined(__AVX2__)
constexpr int kLanes = 8;
constexpr int kMaxColumns = 2;
#else
constexpr int kLanes = 4;
constexpr int kMaxColumns = 2;
#endif

constexpr int kStrip = kMaxColumns * kLanes;  // columns of a register tile

// Columns of the strip that begins at column `strip` of `columns`, a multiple of 16.
static constexpr int64_t strip_width(int64_t columns, int64_t strip) { return columns - strip < kStrip ? columns - strip : kStrip; }
static constexpr int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

typedef float Vec __attribute__((vector_size(4 * kLanes)));
typedef int32_t IntVec __attribute__((vector_size(4 * kLanes)));
typedef float UnalignedVec __attribute__((vector_size(4 * kLanes), aligned(4), may_alias));

EC_INLINE Vec load(const float* from) { return *reinterpret_cast<const UnalignedVec*>(from); }
EC_INLINE void store(float* to, Vec value) { *reinterpret_cast<UnalignedVec*>(to) = value; }
EC_INLINE Vec splat(float value) { return value - Vec{}; }
EC_INLINE IntVec splat_int(int32_t value) { return value - IntVec{}; }
EC_INLINE Vec select(IntVec mask, Vec yes, Vec no) { return mask ? yes : no; }
EC_INLINE Vec max(Vec a, Vec b) { return select(a > b, a, b); }

#if defined(__AVX512F__)
#define EC_EACH_LANE(f, s) \
  f(0, s), f(1, s), f(2, s), f(3, s), f(4, s), f(5, s), f(6, s), f(7, s), f(8, s), f(9, s), f(10, s), f(11, s), f(12, s), f(13, s), f(14, s), f(15, s)
#elif defined(__AVX2__)
#define EC_EACH_LANE(f, s) f(0, s), f(1, s), f(2, s), f(3, s), f(4, s), f(5, s), f(6, s), f(7, s)
#else
#define EC_EACH_LANE(f, s) f(0, s), f(1, s), f(2, s), f(3, s)
#endif

constexpr int32_t lane_number(int lane, int) { return lane; }
EC_INLINE IntVec lane_index() { return IntVec{EC_EACH_LANE(lane_number, 0)}; }

#if defined(__clang__)
EC_INLINE float sum(Vec v) {
  for (int half = kLanes / 2; half > 0; half /= 2)
    for (int lane = 0; lane < half; ++lane) v[lane] += v[lane + half];
  return v[0];
}
EC_INLINE float largest(Vec v) {
  for (int lane = 1; lane < kLanes; ++lane) v[0] = v[lane] > v[0] ? v[lane] : v[0];
  return v[0];
}
// to[c][r] = from[r][c] for a kLanes x kLanes square.
EC_INLINE void transpose(const float* from, int64_t from_stride, float* to, int64_t to_stride) {
  for (int r = 0; r < kLanes; ++r)
    for (int c = 0; c < kLanes; ++c) to[c * to_stride + r] = from[r * from_stride + c];
}
#else
constexpr int32_t swapped_lane(int lane, int step) { return lane ^ step; }
// Lane of the pair (a, b) that goes to `lane` when blocks of `step` off the diagonal change places.
constexpr int32_t upper_lane(int lane, int step) { return lane & step ? kLanes + lane - step : lane; }
constexpr int32_t lower_lane(int lane, int step) { return lane & step ? kLanes + lane : lane + step; }

template <int Step>
EC_INLINE Vec swapped(Vec v) {
  return __builtin_shuffle(v, IntVec{EC_EACH_LANE(swapped_lane, Step)});
}

EC_INLINE float sum(Vec v) {
  if constexpr (kLanes > 8) v += swapped<8>(v);
  if constexpr (kLanes > 4) v += swapped<4>(v);
  v += swapped<2>(v);
  v += swapped<1>(v);
  return v[0];
}
EC_INLINE float largest(Vec v) {
  if constexpr (kLanes > 8) v = max(v, swapped<8>(v));
  if constexpr (kLanes > 4) v = max(v, swapped<4>(v));
  v = max(v, swapped<2>(v));
  return max(v, swapped<1>(v))[0];
}

template <int Step>
EC_INLINE void swap_blocks(Vec* rows) {
#pragma GCC unroll 16
  for (int r = 0; r < kLanes; ++r)
    if ((r & Step) == 0) {
      const Vec a = rows[r], b = rows[r | Step];
      rows[r] = __builtin_shuffle(a, b, IntVec{EC_EACH_LANE(upper_lane, Step)});
      rows[r | Step] = __builtin_shuffle(a, b, IntVec{EC_EACH_LANE(lower_lane, Step)});
    }
}

// to[c][r] = from[r][c] for a kLanes x kLanes square.
EC_INLINE void transpose(const float* from, int64_t from_stride, float* to, int64_t to_stride) {
  Vec rows[kLanes];
#pragma GCC unroll 16
  for (int r = 0; r < kLanes; ++r) rows[r] = load(from + r * from_stride);
  if constexpr (kLanes > 8) swap_blocks<8>(rows);
  if constexpr (kLanes > 4) swap_blocks<4>(rows);
  swap_blocks<2>(rows);
  swap_blocks<1>(rows);
#pragma GCC unroll 16
  for (int r = 0; r < kLanes; ++r) store(to + r * to_stride, rows[r]);
}
#endif

// e^x to 2 ulp for x <= 88. Below -87.3 the result is 0 (it would be subnormal); NaN stays NaN.
EC_INLINE Vec exp(Vec x) {
  const Vec magic = splat(12582912.0f);  // 1.5 * 2^23: adding it rounds to an integer held in the low mantissa bits
  const Vec rounded = x * splat(1.44269504088896341f) + magic;
  const Vec n = rounded - magic;
  const Vec r = (x - n * splat(0.693359375f)) + n * splat(2.12194440e-4f);
  Vec p = splat(1.9875691500e-4f);
  p = p * r + splat(1.3981999507e-3f);
  p = p * r + splat(8.3334519073e-3f);
  p = p * r + splat(4.1665795894e-2f);
  p = p * r + splat(1.6666665459e-1f);
  p = p * r + splat(5.0000001201e-1f);
  p = (p * r) * r + r + splat(1.0f);
  const IntVec exponent = ((IntVec)rounded + splat_int(127 - 0x4B400000)) << 23;
  return select(x < splat(-87.3f), splat(0.0f), p * (Vec)exponent);
}

EC_INLINE float bf16_to_float(uint16_t bits) {
  const uint32_t wide = static_cast<uint32_t>(bits) << 16;
  float value;
  __builtin_memcpy(&value, &wide, 4);
  return value;
}
EC_INLINE uint16_t float_to_bf16(float value) {  // to nearest, ties to even; NaN stays a quiet NaN
  uint32_t bits;
  __builtin_memcpy(&bits, &value, 4);
  if ((bits & 0x7FFFFFFF) > 0x7F800000) return static_cast<uint16_t>(bits >> 16 | 64);
  return static_cast<uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

}  // namespace earthcraft::EC_VARIANT
