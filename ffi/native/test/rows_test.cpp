// Kernels that go over rows of any length: GELU, norms, gates, AdamW.
#include <algorithm>

#include "kernel_test.h"
#include "kernels/adamw.h"
#include "kernels/modulation.h"
#include "kernels/pointwise.h"

namespace earthcraft::test {
namespace {

const int64_t kLengths[] = {0, 1, 3, 4, 7, 8, 15, 16, 17, 33, 100};

template <typename Function>
double slope_of(Function&& f, double x) {
  const double h = 1e-5;
  return (f(x + h) - f(x - h)) / (2 * h);
}

double gelu(double x) { return 0.5 * x * (1 + std::tanh(0.7978845608028654 * (x + 0.044715 * x * x * x))); }

TEST(Gelu, AndItsSlopeEqualTheFormula) {
  for (const int64_t n : kLengths) {
    Floats x = drawn(n, 1);
    for (float& value : x) value *= 8;
    const Floats slope = drawn(n, 2);
    Doubles wanted, wanted_grad;
    for (size_t i = 0; i < x.size(); ++i) wanted.push_back(gelu(x[i])), wanted_grad.push_back(slope[i] * slope_of(gelu, x[i]));
    for (const auto& [name, run] : EC_VARIANTS(gelu_forward)) {
      Floats found(x.size(), -7);
      run(x.data(), found.data(), n);
      EXPECT_LT(difference(found, wanted), 1e-6) << name << ", " << n;
    }
    for (const auto& [name, run] : EC_VARIANTS(gelu_backward)) {
      Floats found(x.size(), -7);
      run(x.data(), slope.data(), found.data(), n);
      EXPECT_LT(difference(found, wanted_grad), 1e-5) << name << ", " << n;
    }
  }
}

TEST(LayerNorm, EqualsTheFormulaAndSumsOfFiniteDifferences) {
  const double eps = 1e-3;
  for (const int64_t channels : {1, 5, 16, 37, 64}) {
    const int64_t rows = 6;
    const Floats x = drawn(rows * channels, 1), weight = drawn(channels, 2), bias = drawn(channels, 3), slope = drawn(rows * channels, 4);
    const auto norm = [&](const Doubles& values, int64_t row, int64_t channel) {
      const double* from = values.data() + row * channels;
      double mean = 0, variance = 0;
      for (int64_t c = 0; c < channels; ++c) mean += from[c] / static_cast<double>(channels);
      for (int64_t c = 0; c < channels; ++c) variance += (from[c] - mean) * (from[c] - mean) / static_cast<double>(channels);
      return (from[channel] - mean) / std::sqrt(variance + eps) * weight[static_cast<size_t>(channel)] + bias[static_cast<size_t>(channel)];
    };
    Doubles wanted, wanted_grad;
    const Doubles wide = widened(x);
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t c = 0; c < channels; ++c) {
        wanted.push_back(norm(wide, row, c));
        double sum = 0;
        for (const double step : {1e-4, -1e-4}) {
          Doubles moved = wide;
          moved[static_cast<size_t>(row * channels + c)] += step;
          for (int64_t d = 0; d < channels; ++d) sum += slope[static_cast<size_t>(row * channels + d)] * norm(moved, row, d) / (2 * step);
        }
        wanted_grad.push_back(sum);
      }
    for (size_t v = 0; v < EC_VARIANTS(layer_norm_forward).size(); ++v) {
      const auto [name, forward] = EC_VARIANTS(layer_norm_forward)[v];
      Floats out(x.size(), -7), stats(static_cast<size_t>(2 * rows)), x_grad(x.size(), -7), weight_grad(weight.size()), bias_grad(bias.size());
      forward(x.data(), weight.data(), bias.data(), static_cast<float>(eps), 0, rows, channels, out.data(), stats.data());
      EXPECT_LT(difference(out, wanted), 2e-6) << name << ", " << channels;
      EC_VARIANTS(layer_norm_backward)
      [v].run(x.data(), weight.data(), stats.data(), slope.data(), 0, rows, channels, x_grad.data(), weight_grad.data(), bias_grad.data());
      EXPECT_LT(difference(x_grad, wanted_grad), 2e-4) << name << ", " << channels;
    }
  }
}

TEST(HeadNorm, TakesHeadsThatDoNotLieSideBySide) {
  const int64_t rows = 5, heads = 2, dim = 19, row_stride = 3 * heads * dim;  // queries in a packed q, k, v
  const Floats packed = drawn(rows * row_stride - 2 * heads * dim, 1), gamma = drawn(heads * dim, 2);
  Doubles wanted;
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t h = 0; h < heads; ++h) {
      const float* x = packed.data() + r * row_stride + h * dim;
      double squares = 0;
      for (int64_t d = 0; d < dim; ++d) squares += double{x[d]} * x[d];
      for (int64_t d = 0; d < dim; ++d)
        wanted.push_back(x[d] / std::sqrt(squares) * std::sqrt(static_cast<double>(dim)) * gamma[static_cast<size_t>(h * dim + d)]);
    }
  const Heads task = {packed.data(), row_stride, dim, heads, dim, gamma.data()};
  for (const auto& [name, run] : EC_VARIANTS(head_norm_forward)) {
    Floats found(wanted.size(), -7), inverse(static_cast<size_t>(rows * heads));
    run(task, 0, rows, found.data(), inverse.data());
    EXPECT_LT(difference(found, wanted), 1e-6) << name;
  }
}

TEST(GatedAdd, AddsWhatTheGateLetsThrough) {
  for (const int64_t channels : {1, 15, 16, 50}) {
    const int64_t rows = 7;
    const Floats x = drawn(rows * channels, 1), gate = drawn(channels, 2), y = drawn(rows * channels, 3);
    Doubles wanted, gate_wanted(static_cast<size_t>(channels), 1);
    for (int64_t i = 0; i < rows * channels; ++i) {
      const size_t at = static_cast<size_t>(i), c = static_cast<size_t>(i % channels);
      wanted.push_back(x[at] + double{gate[c]} * y[at]);
      gate_wanted[c] += double{x[at]} * y[at];
    }
    for (size_t v = 0; v < EC_VARIANTS(gated_add_forward).size(); ++v) {
      const auto [name, forward] = EC_VARIANTS(gated_add_forward)[v];
      Floats found(x.size(), -7), y_grad(x.size()), gate_grad(gate.size(), 1);
      forward(x.data(), gate.data(), y.data(), 0, rows, channels, found.data());
      EXPECT_LT(difference(found, wanted), 1e-6) << name << ", " << channels;
      EC_VARIANTS(gated_add_backward)[v].run(x.data(), gate.data(), y.data(), 0, rows, channels, y_grad.data(), gate_grad.data());
      EXPECT_LT(difference(gate_grad, gate_wanted), 1e-6) << name << ", " << channels;
    }
  }
}

TEST(AdamW, EqualsItsFormulaInDouble) {
  const AdamwCoefficients c = {0.5f, 0.99f, 0.9f, 0.999f, 0.01f, 1.5f, 1e-8f, 0.9f};
  for (const int64_t n : kLengths) {
    const Floats start = drawn(n, 1), gradient = drawn(n, 2), mean = drawn(n, 3), ema = drawn(n, 4);
    Floats square = drawn(n, 5);
    for (float& value : square) value = std::abs(value) + 0.1f;
    Doubles wanted, wanted_ema;
    for (size_t i = 0; i < start.size(); ++i) {
      const double g = double{gradient[i]} * c.gradient_scale, m = mean[i] + (g - mean[i]) * (1 - double{c.beta1});
      const double s = square[i] * double{c.beta2} + g * g * (1 - double{c.beta2});
      wanted.push_back(start[i] * double{c.keep} - c.step_size * m / (std::sqrt(s) * c.inverse_root_correction + c.eps));
      wanted_ema.push_back(wanted.back() + (ema[i] - wanted.back()) * c.ema_decay);
    }
    for (const auto& [name, run] : EC_VARIANTS(adamw_f32)) {
      Floats param = start, m = mean, s = square, e = ema;
      run(c, param.data(), gradient.data(), m.data(), s.data(), e.data(), n);
      EXPECT_LT(difference(param, wanted), 1e-6) << name << ", " << n;
      EXPECT_LT(difference(e, wanted_ema), 1e-6) << name << ", " << n;
    }
  }
}

TEST(AdamW, RoundsMomentsUpAsOftenAsTheirCutOffPartSays) {
  const int64_t n = 1 << 16;
  for (const auto& [name, run] : EC_VARIANTS(adamw_bf16)) {
    Floats param(n), gradient(n);
    std::vector<uint16_t> mean(n, 0x3F80), square(n, 0x3F80);
    std::vector<uint32_t> random(n);
    for (uint32_t i = 0; i < n; ++i) random[i] = i | i << 16;
    const AdamwCoefficients grown = {1, 1, 1 - 1.0f / 1024, 1, 0, 1, 1e-8f, 0};  // 1 + 1/1024 · (g − 1): an eighth of bf16's step of 1/128
    std::fill(gradient.begin(), gradient.end(), 2.0f);
    run(grown, param.data(), gradient.data(), mean.data(), square.data(), nullptr, random.data(), n);
    int64_t up = 0;
    for (const uint16_t bits : mean) up += bits == 0x3F81;
    EXPECT_EQ(up, n / 8) << name;
  }
}

TEST(SumOfSquares, IsTheSameOnEveryVariant) {
  for (const int64_t n : kLengths) {
    const Floats x = drawn(n, 1);
    const double first = EC_VARIANTS(sum_of_squares)[0].run(x.data(), n);
    double wanted = 0;
    for (const float value : x) wanted += double{value} * value;
    EXPECT_NEAR(first, wanted, 1e-12 * (1 + wanted));
    for (const auto& [name, run] : EC_VARIANTS(sum_of_squares)) EXPECT_EQ(run(x.data(), n), first) << name << ", " << n;
  }
}

}  // namespace
}  // namespace earthcraft::test
