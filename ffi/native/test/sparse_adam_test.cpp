#include "kernels/sparse_adam.h"

#include "kernel_test.h"

namespace earthcraft::test {
namespace {

TEST(SparseAdam, MovesElementsWithAGradientAndNoOthers) {
  for (const int64_t count : {1, 15, 16, 17, 100}) {
    const AdamwCoefficients c{1, 1, 0.9f, 0.99f, 0.01f, 2, 1e-15f, 0};
    Floats gradient = drawn(count, 1);
    for (int64_t i = 0; i < count; ++i)
      if (i / 16 % 2 == 1 || i % 3 == 0) gradient[static_cast<size_t>(i)] = i % 5 == 4 ? NAN : 0;
    const Floats param = drawn(count, 2), mean = drawn(count, 3);
    Floats square = drawn(count, 4);
    for (float& value : square) value *= value;
    for (const auto& [name, run] : EC_VARIANTS(sparse_adam_f32)) {
      Floats p = param, m = mean, s = square;
      run(c, p.data(), gradient.data(), m.data(), s.data(), count);
      for (size_t i = 0; i < p.size(); ++i) {
        const double g = gradient[i], m_wanted = 0.9 * mean[i] + 0.1 * g, s_wanted = 0.99 * square[i] + 0.01 * g * g;
        const bool moved = g != 0 && !std::isnan(g);
        EXPECT_NEAR(m[i], moved ? m_wanted : mean[i], moved ? 1e-6 : 0) << name;
        EXPECT_NEAR(s[i], moved ? s_wanted : square[i], moved ? 1e-6 : 0) << name;
        EXPECT_NEAR(p[i], moved ? param[i] - 0.01 * m_wanted / (2 * std::sqrt(s_wanted)) : param[i], moved ? 1e-5 : 0) << name;
      }
    }
  }
}

}  // namespace
}  // namespace earthcraft::test
