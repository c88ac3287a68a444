// Splats on the screen, composited and differentiated: beside a picture in double that shares no formula, and finite differences of it.
#include <limits>

#include "splat_scene.h"

namespace earthcraft::test {
namespace {

Floats narrowed(const Doubles& values) { return Floats(values.begin(), values.end()); }

// The kernels run as the operators run them: projection, lists of every tile in order of depth, tiles, and back.
template <typename Project, typename ProjectBack, typename Forward, typename Backward>
struct Renderer {
  Project* project;
  ProjectBack* project_back;
  Forward* forward_tile;
  Backward* backward_tile;
};

struct Rendered {
  Floats means, quats, scales, opacities, colors, background;
  std::vector<SplatOnScreen> on_screen;
  Floats color, alpha, depth, median, normal, distortion, transmittance;
  std::vector<int32_t> last;
  Floats means_grad, quats_grad, scales_grad, opacities_grad, colors_grad;
};

// Of the images; depth, normal and distortion may be empty: not asked for.
struct Slopes {
  Floats color, alpha, depth, normal, distortion;
};

Slopes slopes_of(int64_t channels, int64_t plane) {
  return {drawn(channels * plane, 1), drawn(plane, 2), drawn(plane, 3), drawn(3 * plane, 4), drawn(plane, 5)};
}

template <typename R>
Rendered render(const R& run, const SplatScene& s, const Slopes* slopes = nullptr, bool distortion = true) {
  const auto plane = static_cast<size_t>(s.width * s.height), channels = static_cast<size_t>(s.channels);
  Rendered out;
  out.means = narrowed(s.means), out.quats = narrowed(s.quats), out.scales = narrowed(s.scales);
  out.opacities = narrowed(s.opacities), out.colors = narrowed(s.colors), out.background = narrowed(s.background);
  out.on_screen.resize(static_cast<size_t>(s.count));
  const SplatProjection job = {{out.means.data(), out.quats.data(), out.scales.data(), 3, out.opacities.data()},
                               s.camera,
                               static_cast<float>(s.near),
                               static_cast<float>(s.far),
                               s.width,
                               s.height,
                               0,
                               out.on_screen.data()};
  run.project(job, 0, s.count);
  out.color.assign(plane * channels, -7);
  out.alpha = out.depth = out.median = out.transmittance = Floats(plane, -7);
  out.normal.assign(3 * plane, -7);
  if (distortion) out.distortion.assign(plane, -7);
  out.last.assign(plane, -7);

  std::vector<int32_t> order;
  for (int32_t i = 0; i < s.count; ++i)
    if (out.on_screen[static_cast<size_t>(i)].x1 >= out.on_screen[static_cast<size_t>(i)].x0) order.push_back(i);
  std::stable_sort(order.begin(), order.end(),
                   [&](int32_t a, int32_t b) { return out.on_screen[static_cast<size_t>(a)].depth < out.on_screen[static_cast<size_t>(b)].depth; });
  std::vector<int64_t> slots = {0};
  for (const SplatOnScreen& on : out.on_screen)
    slots.push_back(slots.back() +
                    (on.x1 < on.x0 ? 0 : (on.x1 / kSplatTile - on.x0 / kSplatTile + 1) * (on.y1 / kSplatTile - on.y0 / kSplatTile + 1)));
  const size_t stride = kSplatGrads + channels;
  Floats grads(static_cast<size_t>(slots.back()) * stride, -7);

  const SplatImages images = {out.color.data(),  out.alpha.data(),         out.depth.data(), out.median.data(),
                              out.normal.data(), out.transmittance.data(), out.last.data(),  distortion ? out.distortion.data() : nullptr};
  for (int y0 = 0; y0 < s.height; y0 += kSplatTile)
    for (int x0 = 0; x0 < s.width; x0 += kSplatTile) {
      std::vector<int32_t> entries;
      for (const int32_t i : order) {
        const SplatOnScreen& on = out.on_screen[static_cast<size_t>(i)];
        if (on.x0 < x0 + kSplatTile && on.x1 >= x0 && on.y0 < y0 + kSplatTile && on.y1 >= y0) entries.push_back(i);
      }
      entries.shrink_to_fit();
      const SplatTile tile = {out.on_screen.data(),
                              out.colors.data(),
                              s.channels,
                              entries.data(),
                              static_cast<int64_t>(entries.size()),
                              x0,
                              y0,
                              s.width,
                              s.height,
                              static_cast<float>(s.near),
                              s.background.empty() ? nullptr : out.background.data()};
      run.forward_tile(tile, images);
      if (slopes == nullptr) continue;
      const auto wanted = [](const Floats& slope) { return slope.empty() ? nullptr : slope.data(); };
      run.backward_tile(tile, {slopes->color.data(), slopes->alpha.data(), wanted(slopes->depth), wanted(slopes->normal), wanted(slopes->distortion),
                               images, slots.data(), grads.data()});
    }
  if (slopes == nullptr) return out;
  out.means_grad.resize(out.means.size()), out.quats_grad.resize(out.quats.size()), out.scales_grad.resize(out.scales.size());
  out.opacities_grad.resize(out.opacities.size()), out.colors_grad.resize(out.colors.size());
  const SplatShapeGrads into = {out.means_grad.data(), out.quats_grad.data(), out.scales_grad.data(), out.opacities_grad.data()};
  for (size_t i = 0; i < static_cast<size_t>(s.count); ++i) {
    Floats sum(stride);
    for (int64_t slot = slots[i]; slot < slots[i + 1]; ++slot)
      for (size_t k = 0; k < stride; ++k) sum[k] += grads[static_cast<size_t>(slot) * stride + k];
    if (slots[i] == slots[i + 1]) continue;
    run.project_back(job, static_cast<int64_t>(i), sum.data(), into);
    for (size_t ch = 0; ch < channels; ++ch) out.colors_grad[channels * i + ch] = sum[kSplatGrads + ch];
  }
  return out;
}

// Calls check(name, renderer) for every variant.
template <typename Check>
void each_variant(const Check& check) {
  const auto project = EC_VARIANTS(splat_project);
  const auto back = EC_VARIANTS(splat_project_backward);
  const auto forward = EC_VARIANTS(splat_forward_tile);
  const auto backward = EC_VARIANTS(splat_backward_tile);
  for (size_t v = 0; v < project.size(); ++v)
    check(project[v].name,
          Renderer<decltype(ec_baseline::splat_project), decltype(ec_baseline::splat_project_backward), decltype(ec_baseline::splat_forward_tile),
                   decltype(ec_baseline::splat_backward_tile)>{project[v].run, back[v].run, forward[v].run, backward[v].run});
}

void expect_equal(const Rendered& found, const SplatPicture& wanted, const SplatScene& s, const std::string& name) {
  const auto plane = static_cast<size_t>(s.width * s.height);
  const auto compare = [&](const Floats& a, const Doubles& b, const char* what, double scale) {
    for (size_t i = 0; i < b.size(); ++i) {
      const double doubt = wanted.doubt[i % plane];
      ASSERT_NEAR(a[i], b[i], scale * (1e-4 + 2.1 * doubt)) << name << ": " << what << " of pixel " << i % plane << ", doubt " << doubt;
    }
  };
  compare(found.color, wanted.color, "colour", 1);
  compare(found.alpha, wanted.alpha, "alpha", 1);
  compare(found.normal, wanted.normal, "normal", 1);
  // Depths are divided by alpha, which may be one splat at its cut-off.
  for (size_t i = 0; i < plane; ++i) {
    if (wanted.doubt[i] > 0) continue;
    ASSERT_NEAR(found.depth[i], wanted.depth[i], 2e-4 * std::max(1.0, wanted.depth[i])) << name << ": depth of pixel " << i;
    ASSERT_NEAR(found.median[i], wanted.median[i], 2e-4 * std::max(1.0, wanted.median[i])) << name << ": median of pixel " << i;
    ASSERT_NEAR(found.distortion[i], wanted.distortion[i], 2e-4 * std::max(1.0, wanted.distortion[i])) << name << ": distortion of pixel " << i;
  }
  double doubtful = 0;
  for (const double d : wanted.doubt) doubtful += d > 0;
  EXPECT_LT(doubtful, 0.05 * static_cast<double>(plane) + 2) << name;
}

TEST(Splats, PictureEqualsThatInDouble) {
  for (const auto& [channels, width, height] : {std::tuple(3, 40, 23), {1, 16, 16}, {17, 33, 15}, {64, 17, 18}, {3, 1, 1}}) {
    SplatScene s = splat_scene(channels, width, height);
    for (const bool backed : {true, false}) {
      if (!backed) s.background.clear();
      const SplatPicture wanted = picture(s);
      each_variant(
          [&](const std::string& name, const auto& run) { expect_equal(render(run, s), wanted, s, name + ", " + std::to_string(channels)); });
    }
  }
}

TEST(Splats, DistortionIsNothingInAPixelOfOneSplatAndChangesNoOtherImage) {
  const SplatScene one = splat_scene(3, 40, 23, 1);
  const SplatScene many = splat_scene(17, 40, 23);
  each_variant([&](const std::string& name, const auto& run) {
    const Rendered alone = render(run, one);
    EXPECT_EQ(alone.distortion, Floats(40 * 23)) << name;
    EXPECT_GT(*std::max_element(alone.alpha.begin(), alone.alpha.end()), 0.01f) << name;
    const Rendered with = render(run, many), without = render(run, many, nullptr, false);
    EXPECT_LT(difference(with.color, widened(without.color)), 1e-6) << name;
    EXPECT_LT(difference(with.depth, widened(without.depth)), 1e-6) << name;
    EXPECT_EQ(with.last, without.last) << name;
  });
}

// Splat i of a scene becomes another: near and behind the camera, edge on, without extent, wider than the picture, seen through, nearly opaque.
SplatScene odd_scene() {
  SplatScene s = splat_scene(3, 40, 23, 60);
  const auto set = [&](size_t i, std::initializer_list<double> scales, double opacity) {
    std::copy(scales.begin(), scales.end(), s.scales.begin() + static_cast<std::ptrdiff_t>(3 * i));
    s.opacities[i] = static_cast<float>(opacity);
  };
  set(0, {0, 0, 0}, 0.9);
  set(1, {0.4f, 0, 0}, 0.9);
  set(2, {1e-20f, 1e-20f, 1}, 0.9);
  set(3, {300, 200, 1}, 0.45);
  set(4, {2, 1e-4f, 1}, 0.7);
  set(5, {0.5, 0.5, 0.5}, 1.0 / 255);
  set(6, {0.5, 0.5, 0.5}, 1.001 / 255);
  set(7, {0.5, 0.5, 0.5}, 0.999 / 255);
  set(8, {0.5, 0.5, 0.5}, 0);
  set(9, {1, 1, 1}, 1);
  set(10, {1, 1, 1}, 1);
  set(11, {-0.3f, 0.6f, 1}, 0.8);
  for (const size_t i : {12u, 13u, 14u, 15u})  // towards the camera, through it, and behind it
    for (size_t axis = 0; axis < 3; ++axis) {
      const double camera = -(s.camera.rotation[axis] * s.camera.translation[0] + s.camera.rotation[3 + axis] * s.camera.translation[1] +
                              s.camera.rotation[6 + axis] * s.camera.translation[2]);
      const double share[] = {0.06, 0.02, -0.5, 40};
      s.means[3 * i + axis] = static_cast<float>(camera + share[i - 12] * (s.means[3 * i + axis] - camera));
    }
  set(12, {0.3, 0.4, 1}, 0.4);
  return s;
}

TEST(Splats, AtTheirCutOffsEqualThoseInDouble) {
  const SplatScene s = odd_scene();
  const SplatPicture wanted = picture(s);
  each_variant([&](const std::string& name, const auto& run) {
    const Rendered found = render(run, s);
    expect_equal(found, wanted, s, name);
    for (const size_t hidden : {7u, 8u, 13u, 14u, 15u}) EXPECT_LT(found.on_screen[hidden].x1, found.on_screen[hidden].x0) << name << ", " << hidden;
  });
}

TEST(Splats, ThatAreNoNumbersTakeNothingFromTheOthers) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinite = std::numeric_limits<double>::infinity();
  const SplatScene clean = splat_scene(3, 40, 23, 40);
  each_variant([&](const std::string& name, const auto& run) {
    const Rendered wanted = render(run, clean);
    for (const double odd : {nan, infinite, -infinite}) {
      SplatScene s = splat_scene(3, 40, 23, 43);
      std::copy(clean.means.begin(), clean.means.end(), s.means.begin());
      std::copy(clean.quats.begin(), clean.quats.end(), s.quats.begin());
      std::copy(clean.scales.begin(), clean.scales.end(), s.scales.begin());
      std::copy(clean.opacities.begin(), clean.opacities.end(), s.opacities.begin());
      std::copy(clean.colors.begin(), clean.colors.end(), s.colors.begin());
      s.background = clean.background;
      s.means[3 * 40 + 1] = odd;
      s.quats[4 * 41 + 2] = odd;
      s.quats[4 * 42] = s.quats[4 * 42 + 1] = s.quats[4 * 42 + 2] = s.quats[4 * 42 + 3] = 0;
      const Slopes slopes = slopes_of(3, 40 * 23);
      const Rendered found = render(run, s, &slopes);
      EXPECT_EQ(found.color, wanted.color) << name << ", " << odd;
      EXPECT_EQ(found.distortion, wanted.distortion) << name << ", " << odd;
      for (const float g : found.means_grad) EXPECT_TRUE(std::isfinite(g)) << name;
      // What draws although its shape is no number, or is transparent beyond sense, must end in an image of the same size.
      s.scales[0] = odd, s.opacities[1] = odd, s.colors[6] = odd;
      render(run, s, &slopes);
    }
  });
}

double loss(const SplatScene& s, const Slopes& slopes) {
  const SplatPicture p = picture(s);
  double sum = 0;
  for (const auto& [slope, image] : {std::pair(&slopes.color, &p.color),
                                     {&slopes.alpha, &p.alpha},
                                     {&slopes.depth, &p.depth},
                                     {&slopes.normal, &p.normal},
                                     {&slopes.distortion, &p.distortion}})
    for (size_t i = 0; i < slope->size(); ++i) sum += (*slope)[i] * (*image)[i];
  return sum;
}

// By every second number; a splat that a step moves over a cut-off would show as a jump, of which these scenes have none.
Doubles differences(SplatScene s, Doubles SplatScene::* of, const Slopes& slopes) {
  Doubles found((s.*of).size());
  for (size_t i = 0; i < found.size(); ++i) {
    double sides[2];
    for (const int side : {0, 1}) {
      const double before = (s.*of)[i];
      (s.*of)[i] += side == 0 ? -1e-6 : 1e-6;
      sides[side] = loss(s, slopes);
      (s.*of)[i] = before;
    }
    found[i] = (sides[1] - sides[0]) / 2e-6;
  }
  return found;
}

TEST(Splats, GradientsEqualFiniteDifferencesOfThePictureInDouble) {
  enum class With { kNone, kGeometry, kDistortion, kBoth };
  for (const auto& [channels, width, height, with] : {std::tuple(3, 20, 17, With::kGeometry),
                                                      {3, 18, 16, With::kNone},
                                                      {5, 12, 11, With::kGeometry},
                                                      {3, 18, 16, With::kDistortion},
                                                      {3, 20, 17, With::kBoth},
                                                      {5, 12, 11, With::kBoth}}) {
    const SplatScene s = splat_scene(channels, width, height, 24);
    Slopes slopes = slopes_of(channels, width * height);
    if (with == With::kNone || with == With::kDistortion) slopes.depth.clear(), slopes.normal.clear();
    if (with == With::kNone || with == With::kGeometry) slopes.distortion.clear();
    const Doubles means = differences(s, &SplatScene::means, slopes), quats = differences(s, &SplatScene::quats, slopes);
    const Doubles scales = differences(s, &SplatScene::scales, slopes), opacities = differences(s, &SplatScene::opacities, slopes),
                  colors = differences(s, &SplatScene::colors, slopes);
    each_variant([&](const std::string& name, const auto& run) {
      const Rendered found = render(run, s, &slopes, !slopes.distortion.empty());
      EXPECT_LT(difference(found.means_grad, means), 5e-4) << name;
      EXPECT_LT(difference(found.quats_grad, quats), 5e-4) << name;
      EXPECT_LT(difference(found.scales_grad, scales), 5e-4) << name;
      EXPECT_LT(difference(found.opacities_grad, opacities), 5e-4) << name;
      EXPECT_LT(difference(found.colors_grad, colors), 5e-4) << name;
    });
  }
}

}  // namespace
}  // namespace earthcraft::test
