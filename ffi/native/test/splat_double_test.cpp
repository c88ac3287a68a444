// The formulas of splats that are templated on their type, in double: gradients equal finite differences to 1e-6.
#define EC_VARIANT in_double
#include "kernel_test.h"
#include "kernels/splat_projection.h"
#include "kernels/splat_sh.h"
#include "splat_scene.h"

namespace earthcraft::test {
namespace {

using Disc = in_double::ProjectedDisc<double>;
constexpr size_t kNumbers = 12;  // centre 2, a b c d, w0 w1, depth, normal 3

std::vector<double> numbers(const Disc& d) {
  return {d.centre[0], d.centre[1], d.a, d.b, d.c, d.d, d.w0, d.w1, d.depth, d.normal[0], d.normal[1], d.normal[2]};
}

in_double::PinholeCamera<double> pinhole(const SplatCamera& from) {
  in_double::PinholeCamera<double> camera;
  std::copy_n(from.rotation, 9, camera.rotation);
  std::copy_n(from.translation, 3, camera.translation);
  camera.fx = from.fx, camera.fy = from.fy, camera.cx = from.cx, camera.cy = from.cy;
  return camera;
}

TEST(SplatProjection, IsThatOfTheDiscAndItsGradientsEqualFiniteDifferences) {
  const SplatScene s = splat_scene(3, 40, 30);
  const in_double::PinholeCamera<double> camera = pinhole(s.camera);
  const Doubles weight = widened(drawn(kNumbers, 5));
  for (size_t i = 0; i < static_cast<size_t>(s.count); ++i) {
    double at[9];  // mean, quaternion, two scales
    std::copy_n(s.means.data() + 3 * i, 3, at);
    std::copy_n(s.quats.data() + 4 * i, 4, at + 3);
    std::copy_n(s.scales.data() + 3 * i, 2, at + 7);
    const auto project = [&] { return numbers(in_double::Frame<double>(at, at + 3, at + 7, camera).project(camera)); };

    // Points of the disc fall where the camera sees them.
    const SplatFrame frame = splat_frame(s, i);
    const std::vector<double> d = project();
    for (const auto& [u, v] : {std::pair(0.3, -0.2), {-0.7, 0.4}}) {
      double p[3];
      for (int axis = 0; axis < 3; ++axis) p[axis] = frame.centre[axis] + u * frame.tangent[0][axis] + v * frame.tangent[1][axis];
      const double across = d[8] + d[6] * u + d[7] * v;
      EXPECT_NEAR(d[0] + (d[2] * u + d[3] * v) / across, camera.fx * p[0] / p[2] + camera.cx, 1e-9);
      EXPECT_NEAR(d[1] + (d[4] * u + d[5] * v) / across, camera.fy * p[1] / p[2] + camera.cy, 1e-9);
      EXPECT_NEAR(across, p[2], 1e-12);
    }
    for (size_t k = 0; k < 3; ++k) EXPECT_NEAR(d[9 + k], frame.normal_world[k], 1e-12);

    const in_double::DiscGrads<double> slope = {
        {weight[0], weight[1]}, weight[2], weight[3], weight[4], weight[5], weight[6], weight[7], weight[8], {weight[9], weight[10], weight[11]}};
    double found[9] = {};
    in_double::Frame<double>(at, at + 3, at + 7, camera).backward(at + 7, camera, slope, found, found + 3, found + 7);
    for (size_t k = 0; k < 9; ++k) {
      double sides[2] = {};
      const double before = at[k];
      for (const int side : {0, 1}) {
        at[k] = before + (side == 0 ? -1e-5 : 1e-5);
        const std::vector<double> moved = project();
        for (size_t n = 0; n < kNumbers; ++n) sides[side] += weight[n] * moved[n];
      }
      at[k] = before;
      EXPECT_NEAR(found[k], (sides[1] - sides[0]) / 2e-5, 1e-6 * std::max(1.0, std::abs(found[k]))) << "splat " << i << ", number " << k;
    }
  }
}

TEST(SplatColour, GradientsEqualFiniteDifferencesAndEndWhereTheColourIsZero) {
  const double centre[3] = {0.3, -0.4, 2};
  const Doubles slope = {0.7, -1.2, 0.4};
  for (const int64_t k : {1, 4})
    for (uint32_t seed = 1; seed < 30; ++seed) {
      Doubles at = widened(drawn(3 + 3 * k, seed));  // mean, then harmonics; some colours are below zero
      Doubles found(at.size());
      const auto loss = [&] {
        const Direction<double> direction(at.data(), centre);
        double sum = 0;
        for (int c = 0; c < 3; ++c) sum += slope[static_cast<size_t>(c)] * std::max(0.0, shade(at.data() + 3, k, direction, c));
        return sum;
      };
      add_shade_grads(at.data() + 3, k, Direction<double>(at.data(), centre), slope.data(), found.data() + 3, found.data());
      for (size_t n = 0; n < at.size(); ++n) {
        const double before = at[n];
        at[n] = before + 1e-5;
        const double up = loss();
        at[n] = before - 1e-5;
        const double down = loss();
        at[n] = before;
        EXPECT_NEAR(found[n], (up - down) / 2e-5, 1e-6) << k << ", number " << n;
      }
    }
  const Doubles here(centre, centre + 3), harmonics = widened(drawn(12, 1));
  Doubles of_harmonics(12), of_mean(3);
  add_shade_grads(harmonics.data(), 4, Direction<double>(here.data(), centre), slope.data(), of_harmonics.data(), of_mean.data());
  EXPECT_EQ(of_mean, Doubles(3));  // seen from its own place it has no direction
}

}  // namespace
}  // namespace earthcraft::test
