// Triangles over pixels, beside one ray a pixel against every triangle.
#include "kernels/mesh_screen.h"

#include <limits>

#include "kernel_test.h"
#include "ops/mesh_raster_reference.h"
#include "turned_camera.h"

namespace earthcraft::test {
namespace {

constexpr int kWidth = 64, kHeight = 50;
constexpr double kNear = 0.5;

struct Mesh {
  Floats vertices;
  std::vector<int32_t> faces;
  MeshView view(bool parallel) const { return {turned_camera(parallel), kNear, kWidth, kHeight, vertices.data(), faces.data()}; }
  int32_t count() const { return static_cast<int32_t>(faces.size() / 3); }
};

// Triangles before, across and behind the near plane, in world axes.
Mesh soup() {
  Mesh mesh;
  const Camera camera = turned_camera(false);
  const Floats v = drawn(9 * 80, 4);
  for (size_t i = 0; i < 240; ++i) {
    const double depth = i / 3 % 4 == 3 ? 0.5 : 8, x = (v[3 * i] * 0.7 + 0.3 * v[i % 80]) * depth, y = v[3 * i + 1] * depth * 0.6,
                 seen[3] = {x - camera.translation[0], y - camera.translation[1], depth + depth * 0.9 * v[3 * i + 2] - camera.translation[2]};
    for (int axis = 0; axis < 3; ++axis)
      mesh.vertices.push_back(
          static_cast<float>(camera.rotation[axis] * seen[0] + camera.rotation[3 + axis] * seen[1] + camera.rotation[6 + axis] * seen[2]));
    mesh.faces.push_back(static_cast<int32_t>(i * 7 % 240));
  }
  return mesh;
}

// The face of every pixel, drawn as mesh_raster draws; and how many faces covered it.
struct Drawn {
  std::vector<int32_t> face, covers;
  std::vector<double> edge;  // the nearest border of a triangle, in pixels

  explicit Drawn(const MeshView& view, int32_t faces)
      : face(kWidth * kHeight, -1), covers(face.size()), edge(face.size(), 1e9), nearest_(face.size(), -std::numeric_limits<float>::infinity()) {
    for (int32_t f = 0; f < faces; ++f) {
      ScreenVertex polygon[4];
      const int corners = view.cut(f, polygon);
      for (int i = 2; i < corners; ++i) draw(f, polygon[0], polygon[i - 1], polygon[i]);
    }
  }

 private:
  void draw(int32_t f, const ScreenVertex& a, const ScreenVertex& b, const ScreenVertex& c) {
    const PixelBox box(a, b, c, kWidth, kHeight);
    ASSERT_TRUE(box.x0 >= 0 && box.y0 >= 0 && box.x1 < kWidth && box.y1 < kHeight);
    for (int y = 0; y < kHeight; ++y)
      for (int x = 0; x < kWidth; ++x)
        for (const auto& [p, q] : {std::pair(a, b), std::pair(b, c), std::pair(c, a)}) {
          const double dx = q.x - p.x, dy = q.y - p.y, squared = dx * dx + dy * dy;
          const double t = squared > 0 ? std::min(1.0, std::max(0.0, ((x + 0.5 - p.x) * dx + (y + 0.5 - p.y) * dy) / squared)) : 0;
          double& least = edge[static_cast<size_t>(y * kWidth + x)];
          least = std::min(least, std::hypot(p.x + t * dx - x - 0.5, p.y + t * dy - y - 0.5));
        }
    with_triangle(a, b, c, [&](const ScreenTriangle& triangle) {
      for (int y = box.y0; y <= box.y1; ++y)
        triangle.draw_row(y, box.x0, box.x1, 1, [&](int x, float q) {
          const auto pixel = static_cast<size_t>(y * kWidth + x);
          ++covers[pixel];
          if (q > nearest_[pixel]) nearest_[pixel] = q, face[pixel] = f;
        });
    });
  }
  Floats nearest_;
};

TEST(MeshScreen, PixelsSeeTheFaceThatTheirRayMeetsFirst) {
  const Mesh mesh = soup();
  for (const bool parallel : {false, true}) {
    const MeshView view = mesh.view(parallel);
    const Drawn drawn_faces(view, mesh.count());
    int seen = 0;
    for (int y = 0; y < kHeight; ++y)
      for (int x = 0; x < kWidth; ++x) {
        const auto pixel = static_cast<size_t>(y * kWidth + x);
        if (drawn_faces.edge[pixel] < 1.0 / 1024) continue;  // positions are snapped to 1 / 4096 of a pixel
        double origin[3], direction[3];
        view.camera.ray(x + 0.5, y + 0.5, origin, direction);
        const RayHit<double> hit = nearest_face(origin, direction, kNear, mesh.vertices.data(), mesh.faces.data(), mesh.count());
        ASSERT_EQ(drawn_faces.face[pixel], hit.face) << "pixel " << x << ", " << y << (parallel ? ", parallel" : "");
        float barycentrics[3], depth;
        view.locate(x, y, hit.face, barycentrics, &depth);
        EXPECT_NEAR(depth, hit.depth, 1e-6 * std::max(1.0, hit.depth));
        for (int k = 0; k < 3; ++k) EXPECT_NEAR(barycentrics[k], hit.barycentrics[k], 1e-6);
        seen += hit.face >= 0;
      }
    EXPECT_GT(seen, 500);
  }
}

TEST(MeshScreen, FacesAroundAPointCoverEveryPixelOnce) {
  // Corners of pixels, their centres, and positions between: borders that run through pixel centres belong to one side.
  for (const double middle : {20.5, 31.0, 17.3}) {
    std::vector<ScreenVertex> rim;
    for (const auto& [x, y] :
         {std::pair(-10.0, -10.0), {20.5, -10.0}, {90.0, -10.0}, {90.0, middle}, {90.0, 80.0}, {31.0, 80.0}, {-10.0, 80.0}, {-10.0, 20.5}})
      rim.push_back({snap(x), snap(y), 1, true});
    const ScreenVertex centre = {snap(middle), snap(middle), 1, true};
    std::vector<int> covers(kWidth * kHeight);
    for (size_t i = 0; i < rim.size(); ++i)
      with_triangle(centre, rim[i], rim[(i + 1) % rim.size()], [&](const ScreenTriangle& triangle) {
        for (int y = 0; y < kHeight; ++y)
          triangle.draw_row(y, 0, kWidth - 1, 1, [&](int x, float) { ++covers[static_cast<size_t>(y * kWidth + x)]; });
      });
    for (const int times : covers) ASSERT_EQ(times, 1);
  }
}

TEST(MeshScreen, FacesThatShareACutEdgeGetTheSameBits) {
  MeshView view = Mesh().view(false);
  for (int i = 0; i < 9; ++i) view.camera.rotation[i] = i % 4 == 0;
  const Floats v = drawn(40000, 4);
  for (size_t i = 0; i < v.size(); i += 4) {
    // So far to the side that the last bits are not snapped away.
    const float side = 1e9f * v[i], z = -9;
    const Mesh mesh = {
        {side, 1, z + 0.1f + 0.3f * v[i + 1] * v[i + 1], 0.7f * side + 3 * v[i + 2], -0.2f, z + 4.3f + v[i + 3], 1, 1, z + 0.2f, 0, 1, z + 3.1f},
        {0, 1, 2, 1, 0, 3}};
    view.vertices = mesh.vertices.data(), view.faces = mesh.faces.data();
    ScreenVertex left[4], right[4];
    const int l = view.cut(0, left), r = view.cut(1, right);
    int shared = 0;
    for (int a = 0; a < l; ++a)
      for (int b = 0; b < r; ++b) shared += left[a].x == right[b].x && left[a].y == right[b].y && left[a].q == right[b].q;
    ASSERT_EQ(shared, 2) << i;  // the visible corner, and where the edge crosses the near plane
  }
}

TEST(MeshScreen, NumbersThatAreNoneAndPixelsFarAwayCoverNothing) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinite = std::numeric_limits<float>::infinity();
  for (const float odd : {nan, infinite, -infinite, 3e38f}) {
    const Mesh mesh = {{odd, 0, 5, 1, 1, 5, 0, 1, 6}, {0, 1, 2}};
    const Drawn drawn_faces(mesh.view(false), 1);
    if (odd == 3e38f) continue;  // a triangle, if a long one
    for (const int32_t face : drawn_faces.face) ASSERT_EQ(face, -1);
  }
  for (const double odd : {1e300, -1e300, static_cast<double>(infinite), -static_cast<double>(infinite), static_cast<double>(nan)}) {
    EXPECT_GE(first_pixel(odd), 0);
    EXPECT_LT(last_pixel(odd, kWidth), kWidth);
    const double snapped = snap(odd);
    EXPECT_TRUE(snapped == odd || std::isnan(odd));
  }
  for (int x = -3; x < kWidth + 3; ++x)
    for (const double off : {0.0, 0.25, 0.5, 0.75}) {
      EXPECT_EQ(first_pixel(x + off), std::max(0, x + (off > 0.5)));
      EXPECT_EQ(last_pixel(x + off, kWidth), std::min(kWidth - 1, std::max(-1, x - (off < 0.5))));
    }
  float barycentrics[3], depth;
  Mesh().view(false).locate(1, 2, -1, barycentrics, &depth);
  EXPECT_EQ(depth, 0);
}

}  // namespace
}  // namespace earthcraft::test
