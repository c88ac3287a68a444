#include "kernels/attention.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>
#include <thread>

#include "kernel_test.h"
#include "ops/attention_reference.h"

namespace earthcraft::test {
namespace {

// Sets of every size that a kernel treats in its own way: none, one, a query block and a key block and one beside each, several key blocks.
struct Case {
  std::vector<int64_t> q_sizes, kv_sizes;
  int64_t heads, dim;
};
const Case kCases[] = {
    {{1}, {1}, 1, 1},     {{0, 5, 0}, {3, 5, 0}, 2, 16}, {{60, 61, 59}, {60, 61, 59}, 1, 17},
    {{13}, {513}, 2, 32}, {{512}, {512}, 1, 8},          {{100}, {1100}, 1, 40},
    {{4}, {0}, 1, 8},  // nothing to look at
};

std::vector<int64_t> starts_of(const std::vector<int64_t>& sizes) {
  std::vector<int64_t> starts = {0};
  for (const int64_t size : sizes) starts.push_back(starts.back() + size);
  return starts;
}

// A permutation, as windows give: tokens of a set do not lie side by side.
std::vector<int64_t> shuffled(int64_t count) {
  std::vector<int64_t> order(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) order[static_cast<size_t>(i)] = count - 1 - i;
  for (int64_t i = 0; i + 3 < count; i += 3) std::swap(order[static_cast<size_t>(i)], order[static_cast<size_t>(i + 3)]);
  return order;
}

struct Problem {
  explicit Problem(const Case& c)
      : c(c),
        q_starts(starts_of(c.q_sizes)),
        kv_starts(starts_of(c.kv_sizes)),
        q_order(shuffled(q_starts.back())),
        kv_order(shuffled(kv_starts.back())),
        q(drawn(q_starts.back() * c.heads * c.dim, 1)),
        k(drawn(kv_starts.back() * c.heads * c.dim, 2)),
        v(drawn(kv_starts.back() * c.heads * c.dim, 3)),
        slope(drawn(q_starts.back() * c.heads * c.dim, 4)),
        out(q.size(), -7),
        logsumexp(static_cast<size_t>(q_starts.back() * c.heads), -7) {}

  Tokens tokens(Floats& values, const std::vector<int64_t>& order) const { return {values.data(), c.heads * c.dim, c.dim, order.data()}; }

  Attention task() {
    const float scale = 1 / std::sqrt(static_cast<float>(c.dim));
    return {tokens(q, q_order),
            tokens(k, kv_order),
            tokens(v, kv_order),
            tokens(out, q_order),
            false,
            q_starts.data(),
            kv_starts.data(),
            c.heads,
            c.dim,
            scale,
            logsumexp.data()};
  }

  int64_t sets() const { return static_cast<int64_t>(c.q_sizes.size()); }
  int64_t most(const std::vector<int64_t>& sizes) const { return *std::max_element(sizes.begin(), sizes.end()); }

  template <typename Forward>
  void forward(Forward&& run) {
    Floats scratch(static_cast<size_t>(attention_forward_scratch(c.dim, kQueryChunk, most(c.kv_sizes))));
    const Attention t = task();
    for (int64_t set = 0; set < sets(); ++set)
      for (int64_t head = 0; head < c.heads; ++head)
        for (int64_t begin = 0; begin < c.q_sizes[static_cast<size_t>(set)]; begin += kQueryChunk)
          run(t, set, head, begin, std::min(begin + kQueryChunk, c.q_sizes[static_cast<size_t>(set)]), scratch.data());
  }

  const Case& c;
  std::vector<int64_t> q_starts, kv_starts, q_order, kv_order;
  Floats q, k, v, slope, out, logsumexp;
};

struct Exact {
  explicit Exact(const Problem& p)
      : q(widened(p.q)),
        k(widened(p.k)),
        v(widened(p.v)),
        slope(widened(p.slope)),
        out(q.size()),
        q_grad(q.size()),
        k_grad(k.size()),
        v_grad(v.size()) {
    const AttentionReference<double> reference = {q.data(),
                                                  k.data(),
                                                  v.data(),
                                                  p.q_order.data(),
                                                  p.kv_order.data(),
                                                  p.q_starts.data(),
                                                  p.kv_starts.data(),
                                                  p.sets(),
                                                  p.c.heads,
                                                  p.c.dim,
                                                  1 / std::sqrt(static_cast<double>(p.c.dim))};
    reference.forward(out.data());
    reference.backward(slope.data(), q_grad.data(), k_grad.data(), v_grad.data());
  }
  Doubles q, k, v, slope, out, q_grad, k_grad, v_grad;
};

TEST(Attention, ForwardEqualsItsDefinitionInDouble) {
  for (const Case& c : kCases)
    for (const auto& [name, run] : EC_VARIANTS(attention_forward)) {
      Problem p(c);
      p.forward(run);
      EXPECT_LT(difference(p.out, Exact(p).out), 3e-6) << name << ", heads of " << c.dim;
    }
}

TEST(Attention, GradientsEqualTheirDefinitionInDouble) {
  for (const Case& c : kCases)
    for (const auto& [name, run] : EC_VARIANTS(attention_backward)) {
      Problem p(c);
      p.forward(EC_VARIANTS(attention_forward)[0].run);
      Floats q_grad(p.q.size()), k_grad(p.k.size()), v_grad(p.v.size());
      Floats scratch(static_cast<size_t>(attention_backward_scratch(c.dim, p.most(c.q_sizes), p.most(c.kv_sizes))));
      const AttentionGrad task = {p.task(), p.tokens(p.slope, p.q_order), p.tokens(q_grad, p.q_order), p.tokens(k_grad, p.kv_order),
                                  p.tokens(v_grad, p.kv_order)};
      for (int64_t set = 0; set < p.sets(); ++set)
        for (int64_t head = 0; head < c.heads; ++head) run(task, set, head, scratch.data());
      const Exact exact(p);
      EXPECT_LT(difference(q_grad, exact.q_grad), 1e-5) << name << ", heads of " << c.dim;
      EXPECT_LT(difference(k_grad, exact.k_grad), 1e-5) << name << ", heads of " << c.dim;
      EXPECT_LT(difference(v_grad, exact.v_grad), 1e-5) << name << ", heads of " << c.dim;
    }
}

TEST(Attention, NotANumberStaysInItsSet) {
  const Case c = {{20, 20}, {20, 20}, 1, 16};
  for (const auto& [name, run] : EC_VARIANTS(attention_forward)) {
    Problem p(c);
    p.k[static_cast<size_t>(p.kv_order[25] * c.dim)] = std::numeric_limits<float>::quiet_NaN();  // a token of the second set
    p.forward(run);
    for (int64_t token = 0; token < 40; ++token)
      EXPECT_EQ(std::isnan(p.out[static_cast<size_t>(p.q_order[static_cast<size_t>(token)] * c.dim)]), token >= 20) << name << ", token " << token;
  }
}

TEST(Attention, ThreadsOnDifferentSetsGiveTheBitsOfOne) {
  const Case c = {{200, 60, 300, 1}, {200, 60, 300, 1}, 2, 32};
  for (const auto& variant : EC_VARIANTS(attention_forward)) {
    Problem alone(c), together(c);
    alone.forward(variant.run);
    const Attention task = together.task();
    std::vector<std::thread> threads;
    for (int64_t set = 0; set < together.sets(); ++set)
      threads.emplace_back([&, set] {
        Floats scratch(static_cast<size_t>(attention_forward_scratch(c.dim, kLeastQueryChunk, together.most(c.kv_sizes))));
        const int64_t queries = c.q_sizes[static_cast<size_t>(set)];
        for (int64_t head = 0; head < c.heads; ++head)
          for (int64_t begin = 0; begin < queries; begin += kLeastQueryChunk)
            variant.run(task, set, head, begin, std::min(begin + kLeastQueryChunk, queries), scratch.data());
      });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(alone.out, together.out) << variant.name;
  }
}

// Rounds in place, and gives the bits.
std::vector<uint16_t> narrowed(Floats& values) {
  std::vector<uint16_t> bits;
  for (float& value : values) {
    uint32_t word;
    std::memcpy(&word, &value, 4);
    word = (word + 0x7FFF + (word >> 16 & 1)) & 0xFFFF0000;
    std::memcpy(&value, &word, 4);
    bits.push_back(static_cast<uint16_t>(word >> 16));
  }
  return bits;
}

float widened_bits(uint16_t bits) {
  const uint32_t word = static_cast<uint32_t>(bits) << 16;
  float value;
  std::memcpy(&value, &word, 4);
  return value;
}

// What libtorch's product does, as it is written down.
void plain_product(int64_t rows, int64_t columns, int64_t depth, int64_t a_stride, int64_t b_stride, int64_t c_stride, bool add, const uint16_t* a,
                   const uint16_t* b, float* c) {
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) {
      float sum = add ? c[i * c_stride + j] : 0;
      for (int64_t k = 0; k < depth; ++k) sum += widened_bits(a[i * a_stride + k]) * widened_bits(b[k / 2 * 2 * b_stride + 2 * j + k % 2]);
      c[i * c_stride + j] = sum;
    }
}

// Runs the kernel for long sets on the bf16 values of a problem.
template <typename Forward>
void forward_wide(Problem& p, Forward&& run) {
  std::vector<uint16_t> q = narrowed(p.q), k = narrowed(p.k), v = narrowed(p.v), out(p.out.size(), 7);
  const auto tokens = [&](std::vector<uint16_t>& values, const std::vector<int64_t>& order) {
    return Tokens{values.data(), p.c.heads * p.c.dim, p.c.dim, order.data()};
  };
  Attention task = p.task();
  task.q = tokens(q, p.q_order), task.k = tokens(k, p.kv_order), task.v = tokens(v, p.kv_order), task.out = tokens(out, p.q_order);
  task.bf16 = true;
  Floats scratch(static_cast<size_t>(attention_wide_scratch(p.c.dim)));
  for (int64_t set = 0; set < p.sets(); ++set)
    for (int64_t head = 0; head < p.c.heads; ++head)
      for (int64_t begin = 0, queries = p.c.q_sizes[static_cast<size_t>(set)]; begin < queries; begin += kWideQueryChunk)
        run(task, set, head, begin, std::min(begin + kWideQueryChunk, queries), plain_product, scratch.data());
  std::transform(out.begin(), out.end(), p.out.begin(), widened_bits);
}

const Case kWideCases[] = {
    {{1}, {1}, 1, 32}, {{64, 65, 63}, {64, 65, 63}, 2, 64}, {{600}, {513}, 1, 32}, {{100}, {1100}, 1, 96}, {{4}, {0}, 1, 32},
};

TEST(WideAttention, EqualsItsDefinitionInDouble) {
  for (const Case& c : kWideCases)
    for (const auto& [name, run] : EC_VARIANTS(attention_forward_wide)) {
      Problem p(c), beside(c);
      forward_wide(p, run);
      const Exact exact(p);
      EXPECT_LT(difference(p.out, exact.out), 6e-3) << name << ", heads of " << c.dim;
      // The logarithms, which backward reads, are those of the kernel in f32.
      beside.q = p.q, beside.k = p.k, beside.v = p.v;
      beside.forward(EC_VARIANTS(attention_forward)[0].run);
      if (c.kv_sizes[0] > 0) EXPECT_LT(difference(p.logsumexp, widened(beside.logsumexp)), 1e-5) << name << ", heads of " << c.dim;
    }
}

TEST(WideAttention, InfinityStaysInItsSet) {
  const Case c = {{20, 20}, {20, 20}, 1, 32};
  for (const auto& [name, run] : EC_VARIANTS(attention_forward_wide)) {
    Problem p(c);
    p.v[static_cast<size_t>(p.kv_order[25] * c.dim)] = std::numeric_limits<float>::infinity();  // a token of the second set
    forward_wide(p, run);
    for (int64_t token = 0; token < 40; ++token)
      EXPECT_EQ(std::isfinite(p.out[static_cast<size_t>(p.q_order[static_cast<size_t>(token)] * c.dim)]), token < 20) << name << ", token " << token;
  }
}

}  // namespace
}  // namespace earthcraft::test
