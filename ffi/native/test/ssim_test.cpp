// Structural similarity beside its definition: an 11 × 11 window at every pixel, in double.
#include "kernels/ssim.h"

#include "kernel_test.h"

namespace earthcraft::test {
namespace {

// Smaller than the window, one less and one more than a vector, and higher than wide.
const std::pair<int64_t, int64_t> kSizes[] = {{1, 1}, {1, 17}, {9, 1}, {11, 11}, {16, 15}, {12, 33}, {40, 7}};

// C1 = 0.01², C2 = 0.03², sigma 1.5, zeros outside.
Doubles similarity_map(const Doubles& x, const Doubles& y, int64_t height, int64_t width) {
  double weights[11], total = 0;
  for (int i = 0; i < 11; ++i) total += weights[i] = std::exp(-(i - 5) * (i - 5) / 4.5);
  Doubles map;
  for (int64_t row = 0; row < height; ++row)
    for (int64_t col = 0; col < width; ++col) {
      double mx = 0, my = 0, xx = 0, yy = 0, xy = 0;
      for (int64_t r = std::max<int64_t>(0, row - 5); r < std::min(height, row + 6); ++r)
        for (int64_t c = std::max<int64_t>(0, col - 5); c < std::min(width, col + 6); ++c) {
          const double weight = weights[r - row + 5] * weights[c - col + 5] / (total * total);
          const double a = x[static_cast<size_t>(r * width + c)], b = y[static_cast<size_t>(r * width + c)];
          mx += weight * a, my += weight * b, xx += weight * a * a, yy += weight * b * b, xy += weight * a * b;
        }
      map.push_back((2 * mx * my + 1e-4) * (2 * (xy - mx * my) + 9e-4) / ((mx * mx + my * my + 1e-4) * (xx - mx * mx + yy - my * my + 9e-4)));
    }
  return map;
}

struct Images {
  Images(int64_t height, int64_t width)
      : height(height), width(width), x(drawn(height * width, 1)), y(drawn(height * width, 2)), slope(drawn(height * width, 3)) {
    for (size_t i = 0; i < x.size(); ++i) x[i] = (x[i] + 1) / 2, y[i] = 0.7f * x[i] + (y[i] + 1) * 0.15f;
  }
  int64_t height, width;
  Floats x, y, slope;
};

template <typename T>
struct Pass {
  explicit Pass(const Images& of)
      : x(of.x.begin(), of.x.end()),
        y(of.y.begin(), of.y.end()),
        slope(of.slope.begin(), of.slope.end()),
        map(x.size(), -7),
        x_grad(x.size(), -7),
        y_grad(x.size(), -7),
        scratch(static_cast<size_t>(ssim_scratch(of.height, of.width))),
        plane{x.data(), y.data(), of.height, of.width, slope.data(), map.data(), x_grad.data(), y_grad.data(), scratch.data()} {}
  std::vector<T> x, y, slope, map, x_grad, y_grad, scratch;
  SsimPlane<T> plane;
};

double difference_of(const Doubles& found, const Doubles& wanted) {
  double worst = 0;
  for (size_t i = 0; i < wanted.size(); ++i) worst = std::max(worst, std::abs(found[i] - wanted[i]));
  return worst;
}

TEST(Ssim, EqualsItsDefinitionInDouble) {
  for (const auto& [height, width] : kSizes) {
    const Images images(height, width);
    const Doubles wanted = similarity_map(widened(images.x), widened(images.y), height, width);
    for (const auto& [name, run] : EC_VARIANTS(ssim_forward_f64)) {
      Pass<double> found(images);
      run(found.plane);
      EXPECT_LT(difference_of(found.map, wanted), 1e-11) << name << ", " << height << " × " << width;
    }
    for (const auto& [name, run] : EC_VARIANTS(ssim_forward_f32)) {
      Pass<float> found(images);
      run(found.plane);
      EXPECT_LT(difference(found.map, wanted), 5e-5) << name << ", " << height << " × " << width;
    }
  }
}

TEST(Ssim, GradientsEqualFiniteDifferences) {
  for (const auto& [height, width] : kSizes) {
    const Images images(height, width);
    const Doubles x = widened(images.x), y = widened(images.y);
    const auto loss = [&, h = height, w = width](const Doubles& a, const Doubles& b) {
      double sum = 0;
      const Doubles map = similarity_map(a, b, h, w);
      for (size_t i = 0; i < map.size(); ++i) sum += images.slope[i] * map[i];
      return sum;
    };
    Doubles x_wanted, y_wanted;
    for (size_t i = 0; i < x.size(); ++i) {
      Doubles up = x, down = x;
      up[i] += 1e-5, down[i] -= 1e-5;
      x_wanted.push_back((loss(up, y) - loss(down, y)) / 2e-5);
      up = down = y;
      up[i] += 1e-5, down[i] -= 1e-5;
      y_wanted.push_back((loss(x, up) - loss(x, down)) / 2e-5);
    }
    for (const auto& [name, run] : EC_VARIANTS(ssim_backward_f64)) {
      Pass<double> found(images);
      run(found.plane);
      EXPECT_LT(difference_of(found.x_grad, x_wanted), 1e-6) << name << ", " << height << " × " << width;
      EXPECT_LT(difference_of(found.y_grad, y_wanted), 1e-6) << name << ", " << height << " × " << width;
    }
    for (const auto& [name, run] : EC_VARIANTS(ssim_backward_f32)) {
      Pass<float> found(images);
      run(found.plane);
      EXPECT_LT(difference(found.x_grad, x_wanted), 2e-4) << name << ", " << height << " × " << width;
      EXPECT_LT(difference(found.y_grad, y_wanted), 2e-4) << name << ", " << height << " × " << width;
    }
  }
}

TEST(Ssim, OfAPictureAndItselfIsOneAndNotANumberReachesAsFarAsTheWindow) {
  const int64_t height = 21, width = 30;
  for (const auto& [name, run] : EC_VARIANTS(ssim_forward_f32)) {
    Images images(height, width);
    images.y = images.x;
    Pass<float> same(images);
    run(same.plane);
    for (const float value : same.map) EXPECT_NEAR(value, 1, 1e-6) << name;
    images.x[static_cast<size_t>(4 * width + 20)] = std::nanf("");
    Pass<float> spoiled(images);
    run(spoiled.plane);
    for (int64_t row = 0; row < height; ++row)
      for (int64_t col = 0; col < width; ++col)
        EXPECT_EQ(std::isnan(spoiled.map[static_cast<size_t>(row * width + col)]), std::abs(row - 4) <= 5 && std::abs(col - 20) <= 5) << name;
  }
}

}  // namespace
}  // namespace earthcraft::test
