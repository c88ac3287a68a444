#include "kernels/fused_mlp.h"

#include <memory>

#include "kernel_test.h"
#include "ops/fused_mlp_reference.h"

namespace earthcraft::test {
namespace {

// Widths about vectors of 16, 8 and 4; samples about blocks of 64.
const MlpShape kShapes[] = {{{32, 64, 16}, 2}, {{3, 17, 33, 64, 1}, 4}, {{128, 1, 128}, 2}, {{15, 16, 31, 7}, 3}, {{1, 5, 2}, 2}};
constexpr int64_t kCounts[] = {1, 63, 64, 65, 300};

// Features one after another, as the kernels take them.
template <typename T>
std::vector<T> turned(const std::vector<T>& values, int64_t rows, int64_t columns) {
  std::vector<T> out(values.size());
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c) out[static_cast<size_t>(c * rows + r)] = values[static_cast<size_t>(r * columns + c)];
  return out;
}

// Scratch of the exact size, aligned as the kernels are promised.
std::unique_ptr<float, decltype(&std::free)> scratch() {
  return {static_cast<float*>(std::aligned_alloc(64, kMlpScratch * sizeof(float))), &std::free};
}

TEST(FusedMlp, EqualsTheReferenceInDouble) {
  const auto work = scratch();
  for (const MlpShape& shape : kShapes)
    for (const int64_t count : kCounts) {
      const int64_t inputs = shape.widths[0], outputs = shape.widths[shape.layers];
      Floats weights = drawn(shape.weights(), 1);
      for (float& weight : weights) weight *= 0.3f;
      const Floats x = drawn(count * inputs, 2), slopes = drawn(count * outputs, 3);
      const Doubles matrices = widened(weights);
      const MlpReference<double> reference{shape, matrices.data()};
      Doubles out(static_cast<size_t>(count * outputs)), x_grad(static_cast<size_t>(count * inputs)), weights_grad(weights.size());
      reference.forward(widened(x).data(), count, out.data());
      reference.backward(widened(x).data(), widened(slopes).data(), count, x_grad.data(), weights_grad.data());
      Doubles padded;  // rows as long as the kernel sums them
      size_t from = 0;
      for (int l = 0; l < shape.layers; ++l)
        for (int64_t row = 0; row < shape.widths[l + 1]; ++row)
          for (int64_t i = 0; i < MlpShape::padded(shape.widths[l]); ++i) padded.push_back(i < shape.widths[l] ? weights_grad[from++] : 0);

      const Floats x_turned = turned(x, count, inputs), slopes_turned = turned(slopes, count, outputs);
      for (const auto& [name, run] : EC_VARIANTS(mlp_forward)) {
        Floats found(out.size(), -7);
        run(shape, weights.data(), x_turned.data(), count, 0, count, work.get(), found.data());
        EXPECT_LT(difference(found, turned(out, count, outputs)), 3e-6) << name << " " << inputs << " " << count;
      }
      for (const auto& [name, run] : EC_VARIANTS(mlp_backward)) {
        Floats found(x_grad.size(), -7), sums(padded.size());
        run(shape, weights.data(), x_turned.data(), slopes_turned.data(), count, 0, count, work.get(), found.data(), sums.data());
        EXPECT_LT(difference(found, turned(x_grad, count, inputs)), 3e-6) << name << " " << inputs << " " << count;
        EXPECT_LT(difference(sums, padded), 3e-6) << name << " " << inputs << " " << count;
      }
    }
}

TEST(FusedMlp, GradientsThatNobodyAsksForAreNotWritten) {
  const auto work = scratch();
  const MlpShape shape = kShapes[0];
  const Floats weights = drawn(shape.weights(), 1), x = drawn(150 * 32, 2), slopes = drawn(150 * 16, 3);
  for (const auto& [name, run] : EC_VARIANTS(mlp_backward)) {
    Floats x_grad(x.size()), alone(x.size()), sums(static_cast<size_t>(shape.padded_weights())), sums_alone(sums.size());
    run(shape, weights.data(), x.data(), slopes.data(), 150, 0, 150, work.get(), x_grad.data(), sums.data());
    run(shape, weights.data(), x.data(), slopes.data(), 150, 0, 150, work.get(), alone.data(), nullptr);
    run(shape, weights.data(), x.data(), slopes.data(), 150, 0, 150, work.get(), nullptr, sums_alone.data());
    EXPECT_EQ(x_grad, alone) << name;
    EXPECT_EQ(sums, sums_alone) << name;
  }
}

}  // namespace
}  // namespace earthcraft::test
