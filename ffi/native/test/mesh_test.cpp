// Triangles against cells of a lattice, beside polygons that are cut to the cell's box; the nearest point, beside what makes a point the nearest.
#include <array>
#include <map>

#include "kernel_test.h"
#include "kernels/mesh_cells.h"

namespace earthcraft::test {
namespace {

using Point = std::array<double, 3>;
struct Triangle {
  double corner[3][3];
};

Triangle triangle(const Point& a, const Point& b, const Point& c) {
  Triangle out;
  for (int axis = 0; axis < 3; ++axis) out.corner[0][axis] = a[axis], out.corner[1][axis] = b[axis], out.corner[2][axis] = c[axis];
  return out;
}

// What is left of a triangle in the box [low, high] (Sutherland and Hodgman): empty where they do not meet.
bool meets_box(const Triangle& t, const Point& low, const Point& high) {
  std::vector<Point> polygon;
  for (const auto& corner : t.corner) polygon.push_back({corner[0], corner[1], corner[2]});
  for (int axis = 0; axis < 3; ++axis)
    for (const int side : {-1, 1}) {
      const double border = side < 0 ? low[axis] : high[axis];
      std::vector<Point> kept;
      for (size_t i = 0; i < polygon.size(); ++i) {
        const Point &p = polygon[i], &q = polygon[(i + 1) % polygon.size()];
        const double p_out = side * (p[axis] - border), q_out = side * (q[axis] - border);
        if (p_out <= 0) kept.push_back(p);
        if ((p_out < 0 && q_out > 0) || (p_out > 0 && q_out < 0)) {
          const double along = p_out / (p_out - q_out);
          Point crossing;
          for (int k = 0; k < 3; ++k) crossing[k] = k == axis ? border : p[k] + along * (q[k] - p[k]);
          kept.push_back(crossing);
        }
      }
      polygon = kept;
    }
  return !polygon.empty();
}

// Triangles of all sizes, some with a corner or a side beyond the lattice; long thin ones, lines and points.
std::vector<Triangle> triangles() {
  std::vector<Triangle> all;
  const Floats v = drawn(9 * 60, 3);
  for (size_t i = 0; i < 60; ++i) {
    const double size = i % 3 == 0 ? 9 : i % 3 == 1 ? 1.3 : 0.2;
    Triangle t;
    for (int k = 0; k < 3; ++k)
      for (int axis = 0; axis < 3; ++axis)
        t.corner[k][axis] = 4 + 4 * v[9 * i + static_cast<size_t>(axis)] + size * v[9 * i + static_cast<size_t>(3 * k + axis)];
    if (i % 7 == 5)
      for (int axis = 0; axis < 3; ++axis) t.corner[2][axis] = 0.25 * t.corner[0][axis] + 0.75 * t.corner[1][axis];  // nearly a line
    all.push_back(t);
  }
  all.push_back(triangle({0.3, 0.4, 0.2}, {7.1, 0.4, 0.2}, {3.7, 0.4, 0.2}));  // a line along an axis
  all.push_back(triangle({1.3, 2.4, 3.2}, {1.3, 2.4, 3.2}, {1.3, 2.4, 3.2}));  // a point
  all.push_back(triangle({-1e6, -2e6, 3.5}, {3e6, -1e6, 3.5}, {0, 4e6, 3.5}));
  return all;
}

const CellLattice kLattice = {{0, 0, 0}, 1, {8, 7, 9}};

std::map<Point, double> touched(const Triangle& t) {
  std::map<Point, double> cells;
  const FaceCells face(kLattice, t.corner);
  for (int64_t column = 0; column < face.columns(); ++column)
    face.visit(column, [&](const double (&cell)[3], double squared) {
      const bool fresh = cells.emplace(Point{cell[0], cell[1], cell[2]}, squared).second;
      EXPECT_TRUE(fresh) << "a cell is visited once";
    });
  return cells;
}

TEST(FaceCells, AreThoseWhoseBoxesTheTriangleMeets) {
  for (const Triangle& t : triangles()) {
    const std::map<Point, double> found = touched(t);
    for (int64_t x = 0; x < kLattice.extent[0]; ++x)
      for (int64_t y = 0; y < kLattice.extent[1]; ++y)
        for (int64_t z = 0; z < kLattice.extent[2]; ++z) {
          const Point cell = {static_cast<double>(x), static_cast<double>(y), static_cast<double>(z)};
          const auto grown = [&](double by) {
            return meets_box(t, {cell[0] - by, cell[1] - by, cell[2] - by}, {cell[0] + 1 + by, cell[1] + 1 + by, cell[2] + 1 + by});
          };
          ASSERT_TRUE(found.count(cell) == 1 || !grown(-1e-6)) << x << " " << y << " " << z;
          ASSERT_TRUE(found.count(cell) == 0 || grown(1e-6)) << x << " " << y << " " << z;
        }
  }
}

TEST(FaceCells, AFaceBetweenTwoLayersBelongsToTheUpperOne) {
  for (int deep = 0; deep < 3; ++deep) {
    Triangle t = triangle({}, {}, {});
    const double flat[3][2] = {{0.5, 0.5}, {4.5, 0.7}, {1.2, 4.4}};
    for (int k = 0; k < 3; ++k) {
      t.corner[k][deep] = 3;
      t.corner[k][(deep + 1) % 3] = flat[k][0];
      t.corner[k][(deep + 2) % 3] = flat[k][1];
    }
    const std::map<Point, double> found = touched(t);
    EXPECT_GT(found.size(), 8u);
    for (const auto& [cell, squared] : found) EXPECT_EQ(cell[static_cast<size_t>(deep)], 3);
  }
}

TEST(FaceCells, OfATriangleThatIsNoneOrLiesElsewhereAreNone) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinite = std::numeric_limits<double>::infinity();
  for (const Triangle& t :
       {triangle({nan, 1, 1}, {2, 2, 2}, {3, 1, 2}), triangle({1, 1, 1}, {2, infinite, 2}, {3, 1, 2}),
        triangle({-5, -5, -5}, {-1, -2, -3}, {-4, -1, -9}), triangle({1e300, 1e300, 1e300}, {2e300, 1e300, 1e300}, {1e300, 2e300, 1e300})})
    EXPECT_TRUE(touched(t).empty());
}

TEST(NearestOnTriangle, IsNearerThanEveryOtherPoint) {
  const Floats v = drawn(3 * 300, 8);
  for (const Triangle& t : triangles())
    for (size_t i = 0; i < 100; ++i) {
      const double at[3] = {4 + 8 * v[3 * i], 4 + 8 * v[3 * i + 1], 4 + 8 * v[3 * i + 2]};
      double weight[3], gap[3], squared = 0, size = 1;
      const double found = nearest_on_triangle(t.corner, at, weight);
      for (int axis = 0; axis < 3; ++axis) {
        gap[axis] = at[axis];
        for (int k = 0; k < 3; ++k) gap[axis] -= weight[k] * t.corner[k][axis], size = std::max(size, std::abs(t.corner[k][axis]));
        squared += gap[axis] * gap[axis];
      }
      const double slack = 1e-9 * size * size;
      ASSERT_NEAR(found, squared, slack);
      ASSERT_NEAR(weight[0] + weight[1] + weight[2], 1, 1e-12);
      // Of a convex set, the nearest point is the one from which nothing of it lies towards `at`.
      for (int k = 0; k < 3; ++k) {
        ASSERT_GE(weight[k], 0);
        double towards = 0;
        for (int axis = 0; axis < 3; ++axis) towards += gap[axis] * (t.corner[k][axis] - (at[axis] - gap[axis]));
        ASSERT_LE(towards, slack * 10);
      }
    }
}

TEST(CellLattice, GivesCellsBackFromTheirKeysWithTheNearestPoint) {
  const Floats vertices = {1.5f, 2.25f, -4, 9, 2.5f, -3.75f, 3, 8, -2};
  const int32_t face[3] = {2, 0, 1};
  const CellLattice lattice = {{1, 2, -4}, 0.5, {1 << 21, 1 << 21, 1 << 21}};
  double corner[3][3];
  lattice.corners(vertices.data(), face, corner);
  for (int axis = 0; axis < 3; ++axis) EXPECT_DOUBLE_EQ(corner[1][axis], (vertices[static_cast<size_t>(axis)] - lattice.origin[axis]) / 0.5);
  const double cell[3] = {(1 << 21) - 1, 5, 0};
  std::vector<int32_t> coords(3);
  Floats weight(3);
  lattice.voxel(cell_key(cell), vertices.data(), face, coords.data(), weight.data());
  EXPECT_EQ(coords, (std::vector<int32_t>{(1 << 21) - 1, 5, 0}));
  EXPECT_EQ(weight, (Floats{0, 0, 1}));  // far out along x: the corner of the greatest x
}

}  // namespace
}  // namespace earthcraft::test
