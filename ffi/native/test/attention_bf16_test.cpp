// Attention of bf16 tokens: at most twice as far from the exact result as that result is from itself rounded to bf16.
#include <algorithm>
#include <cstring>

#include "kernel_test.h"
#include "kernels/attention.h"
#include "ops/attention_reference.h"

namespace earthcraft::test {
namespace {

using Halves = std::vector<uint16_t>;

double value_of(uint16_t bits) {
  const uint32_t wide = static_cast<uint32_t>(bits) << 16;
  float value;
  std::memcpy(&value, &wide, 4);
  return value;
}

uint16_t nearest_half(double exact) {
  const auto value = static_cast<float>(exact);
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  const auto low = static_cast<uint16_t>(bits >> 16);
  return std::abs(value_of(low) - exact) <= std::abs(value_of(static_cast<uint16_t>(low + 1)) - exact) ? low : static_cast<uint16_t>(low + 1);
}

Halves rounded(const Floats& values) {
  Halves halves;
  for (const float value : values) halves.push_back(nearest_half(value));
  return halves;
}

Doubles widened(const Halves& halves) {
  Doubles values;
  for (const uint16_t bits : halves) values.push_back(value_of(bits));
  return values;
}

double furthest(const Doubles& from, const Doubles& to) {
  double worst = 0;
  for (size_t i = 0; i < to.size(); ++i) worst = std::max(worst, std::abs(from[i] - to[i]));
  return worst;
}

double rounding_of(const Doubles& exact) {
  Doubles halves;
  for (const double value : exact) halves.push_back(value_of(nearest_half(value)));
  return furthest(halves, exact);
}

struct Case {
  int64_t queries, keys, heads, dim;
};
const Case kCases[] = {{1, 1, 1, 1}, {5, 3, 2, 16}, {61, 61, 1, 17}, {13, 513, 2, 32}, {100, 1100, 1, 40}, {240, 56, 1, 64}, {7, 0, 1, 8}};

// One set of tokens in its own order; heads lie side by side, tokens with a gap between them.
struct Problem {
  explicit Problem(const Case& c)
      : c(c),
        q(rounded(drawn(c.queries * c.heads * c.dim, 1))),
        k(rounded(drawn(c.keys * c.heads * c.dim, 2))),
        v(rounded(drawn(c.keys * c.heads * c.dim, 3))),
        slope(rounded(drawn(c.queries * c.heads * c.dim, 4))),
        out(q.size(), 0x4180),
        logsumexp(static_cast<size_t>(c.queries * c.heads)) {}

  Tokens tokens(Halves& values) const { return {values.data(), c.heads * c.dim, c.dim, nullptr}; }
  Attention task() {
    return {tokens(q),       tokens(k), tokens(v), tokens(out), true, q_starts, kv_starts, c.heads, c.dim, 1 / std::sqrt(static_cast<float>(c.dim)),
            logsumexp.data()};
  }
  AttentionReference<double> exact() {
    wide_q = widened(q), wide_k = widened(k), wide_v = widened(v);
    return {wide_q.data(),
            wide_k.data(),
            wide_v.data(),
            nullptr,
            nullptr,
            q_starts,
            kv_starts,
            1,
            c.heads,
            c.dim,
            1 / std::sqrt(static_cast<double>(c.dim))};
  }
  template <typename Forward>
  void forward(Forward&& run) {
    Floats scratch(static_cast<size_t>(attention_forward_scratch(c.dim, kQueryChunk, c.keys)));
    for (int64_t head = 0; head < c.heads; ++head)
      for (int64_t begin = 0; begin < c.queries; begin += kQueryChunk)
        run(task(), 0, head, begin, std::min(begin + kQueryChunk, c.queries), scratch.data());
  }

  const Case& c;
  Halves q, k, v, slope, out;
  Floats logsumexp;
  Doubles wide_q, wide_k, wide_v;
  const int64_t q_starts[2] = {0, c.queries}, kv_starts[2] = {0, c.keys};
};

TEST(AttentionBf16, ForwardIsAsExactAsBf16) {
  for (const Case& c : kCases)
    for (const auto& [name, run] : EC_VARIANTS(attention_forward)) {
      Problem p(c);
      p.forward(run);
      Doubles exact(p.out.size());
      p.exact().forward(exact.data());
      EXPECT_LE(furthest(widened(p.out), exact), 2 * rounding_of(exact)) << name << ", heads of " << c.dim;
    }
}

TEST(AttentionBf16, GradientsAreAsExactAsBf16) {
  for (const Case& c : kCases)
    for (const auto& [name, run] : EC_VARIANTS(attention_backward)) {
      Problem p(c);
      p.forward(EC_VARIANTS(attention_forward)[0].run);
      Halves q_grad(p.q.size(), 0x4180), k_grad(p.k.size(), 0x4180), v_grad(p.v.size(), 0x4180);
      Floats scratch(static_cast<size_t>(attention_backward_scratch(c.dim, c.queries, c.keys)));
      const AttentionGrad task = {p.task(), p.tokens(p.slope), p.tokens(q_grad), p.tokens(k_grad), p.tokens(v_grad)};
      for (int64_t head = 0; head < c.heads; ++head) run(task, 0, head, scratch.data());
      Doubles q_exact(q_grad.size()), k_exact(k_grad.size()), v_exact(v_grad.size());
      const Doubles slope = widened(p.slope);
      p.exact().backward(slope.data(), q_exact.data(), k_exact.data(), v_exact.data());
      // What the forward pass left is rounded too, so that the softmax's slope is off by the rounding of out · out_grad.
      EXPECT_LE(furthest(widened(q_grad), q_exact), 2 * rounding_of(q_exact)) << name << ", heads of " << c.dim;
      EXPECT_LE(furthest(widened(k_grad), k_exact), 2 * rounding_of(k_exact)) << name << ", heads of " << c.dim;
      EXPECT_LE(furthest(widened(v_grad), v_exact), 2 * rounding_of(v_exact)) << name << ", heads of " << c.dim;
    }
}

TEST(AttentionBf16, RoundsToTheNearestAndKeepsWhatIsNoNumber) {
  const Case c = {3, 1, 1, 4};  // a single key: the result is its value
  for (const auto& [name, run] : EC_VARIANTS(attention_forward)) {
    Problem p(c);
    p.v = {0x7FC0, 0x7F80, 0xFF80, 0x3F81};  // not a number, infinities, 1 + 1/128
    p.forward(run);
    for (size_t row = 0; row < 3; ++row) {
      EXPECT_TRUE(std::isnan(value_of(p.out[4 * row]))) << name;
      EXPECT_EQ(p.out[4 * row + 1], 0x7F80) << name;
      EXPECT_EQ(p.out[4 * row + 2], 0xFF80) << name;
      EXPECT_EQ(p.out[4 * row + 3], 0x3F81) << name;
    }
  }
}

}  // namespace
}  // namespace earthcraft::test
