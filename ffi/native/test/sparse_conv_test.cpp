#include "kernels/sparse_conv.h"

#include <algorithm>
#include <string>

#include "kernel_test.h"
#include "ops/sparse_conv_reference.h"

namespace earthcraft::test {
namespace {

// Pairs of `rows` outputs with inputs, a third of all there could be: grouped by block of outputs, then by tap; a row at most once in each group.
struct Pairs {
  Pairs(int64_t in_rows, int64_t rows, int64_t taps) : rows(rows), taps(taps), starts{0} {
    const int64_t blocks = (rows + kConvBlock - 1) / kConvBlock;
    for (int64_t block = 0; block < blocks; ++block)
      for (int64_t tap = 0; tap < taps; ++tap) {
        for (int64_t o = block * kConvBlock; o < std::min((block + 1) * kConvBlock, rows) && in_rows > 0; ++o)
          if ((o * 7 + tap * 5) % 3 == 0) {
            in.push_back(static_cast<int32_t>((o * 31 + tap * 17) % in_rows));
            out.push_back(static_cast<int32_t>(o));
          }
        starts.push_back(static_cast<int64_t>(out.size()));
      }
  }
  ConvPairs view() const { return {in.data(), out.data(), starts.data(), taps, rows}; }

  int64_t rows, taps;
  std::vector<int32_t> in, out;
  std::vector<int64_t> starts;
};

struct Case {
  int64_t in_rows, rows, taps, in_channels, out_channels;
};
const Case kCases[] = {{1, 1, 1, 1, 1}, {300, 257, 27, 5, 7}, {40, 256, 8, 16, 64}, {700, 600, 27, 32, 65}, {0, 10, 27, 4, 4}, {9, 0, 27, 4, 4}};

struct Exact {
  Exact(const Case& c, const Pairs& pairs, const Floats& in, const Floats& weight, const Floats& slope)
      : out(static_cast<size_t>(c.rows * c.out_channels)), in_grad(in.size()), weight_grad(weight.size()) {
    const ConvReference<double> reference = {pairs.view(), c.in_channels, c.out_channels};
    reference.forward(widened(in).data(), widened(weight).data(), out.data());
    reference.backward(widened(in).data(), widened(weight).data(), widened(slope).data(), in_grad.data(), weight_grad.data());
  }
  Doubles out, in_grad, weight_grad;
};

// Each tap's weight [in, out] as the strips of a variant.
Floats packed(const Case& c, const Floats& weight, const std::string& variant) {
  const int64_t wide = padded_columns(c.out_channels);
  Floats panels(static_cast<size_t>(c.taps * wide * c.in_channels));
  for (const auto& [name, run] : EC_VARIANTS(pack_panels))
    for (int64_t tap = 0; tap < c.taps && name == variant; ++tap)
      run(weight.data() + tap * c.in_channels * c.out_channels, c.out_channels, c.in_channels, c.out_channels,
          panels.data() + tap * wide * c.in_channels);
  return panels;
}

TEST(SparseConv, ForwardEqualsItsDefinitionInDouble) {
  for (const Case& c : kCases) {
    const Pairs pairs(c.in_rows, c.rows, c.taps);
    const Floats in = drawn(c.in_rows * c.in_channels, 1), weight = drawn(c.taps * c.in_channels * c.out_channels, 2);
    const Floats slope(static_cast<size_t>(c.rows * c.out_channels));
    const int64_t wide = padded_columns(c.out_channels);
    Floats bias = drawn(wide, 3);
    std::fill(bias.begin() + c.out_channels, bias.end(), 0.0f);
    const Exact exact(c, pairs, in, weight, slope);
    const Floats residual = drawn(c.rows * c.out_channels, 4);
    for (const float* added : {static_cast<const float*>(nullptr), residual.data()}) {
      Doubles expected = exact.out;
      for (size_t i = 0; i < expected.size(); ++i) expected[i] += bias[i % static_cast<size_t>(c.out_channels)] + (added ? added[i] : 0.0);
      for (const auto& [name, run] : EC_VARIANTS(conv_forward)) {
        const Floats panels = packed(c, weight, name);
        Floats out(expected.size(), -7), scratch(kConvBlock * kPanel);
        const ConvForward task = {pairs.view(),  false, in.data(),   c.in_channels, panels.data(), wide * c.in_channels,
                                  c.in_channels, 0,     bias.data(), added,         out.data(),    c.out_channels};
        const int64_t parts = (c.rows + kConvBlock - 1) / kConvBlock * ((wide + kPanel - 1) / kPanel);
        run(task, 0, parts, scratch.data());
        EXPECT_LT(difference(out, expected), 2e-6) << name << ", " << c.in_channels << " → " << c.out_channels << (added ? ", residual" : "");
      }
    }
  }
}

TEST(SparseConv, WeightGradientEqualsItsDefinitionInDoubleTapByTap) {
  for (const Case& c : kCases) {
    const Pairs pairs(c.in_rows, c.rows, c.taps);
    const int64_t wide = padded_columns(c.out_channels), blocks = (c.rows + kConvBlock - 1) / kConvBlock;
    const Floats in = drawn(c.in_rows * c.in_channels, 1), weight = drawn(c.taps * c.in_channels * c.out_channels, 2);
    const Floats slope = drawn(c.rows * c.out_channels, 3);
    Floats padded(static_cast<size_t>(c.rows * wide));
    for (int64_t r = 0; r < c.rows; ++r) std::copy_n(slope.data() + r * c.out_channels, c.out_channels, padded.data() + r * wide);
    const Exact exact(c, pairs, in, weight, slope);
    for (const auto& [name, run] : EC_VARIANTS(conv_weight_grad)) {
      Floats into(static_cast<size_t>(c.taps * c.in_channels * wide)), found;
      const ConvWeightGrad task = {pairs.view(), in.data(), c.in_channels, padded.data(), wide};
      for (int64_t tap = 0; tap < c.taps; ++tap) run(task, 0, blocks, tap, tap + 1, into.data());
      for (int64_t row = 0; row < c.taps * c.in_channels; ++row)
        found.insert(found.end(), into.begin() + row * wide, into.begin() + row * wide + c.out_channels);
      EXPECT_LT(difference(found, exact.weight_grad), 5e-6) << name << ", " << c.in_channels << " → " << c.out_channels;
    }
  }
}

}  // namespace
}  // namespace earthcraft::test
