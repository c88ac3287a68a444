// Cameras' rays, and rays through sparse voxels beside every voxel's own slabs and beside small steps along the ray.
#include "kernels/voxel_walk.h"

#include <array>
#include <deque>

#include "kernel_test.h"
#include "kernels/camera.h"
#include "turned_camera.h"

namespace earthcraft::test {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();

TEST(Camera, RayOfAPixelHoldsThePointsThatFallOnIt) {
  for (const bool parallel : {false, true}) {
    const Camera camera = turned_camera(parallel);
    double centre[3];
    camera.centre(centre);
    for (const double px : {0.5, 13.25, 63.5})
      for (const double py : {0.5, 40.75})
        for (const double depth : {-3.0, 0.25, 17.0}) {
          double origin[3], direction[3], world[3], seen[3];
          camera.ray(px, py, origin, direction);
          for (int axis = 0; axis < 3; ++axis) world[axis] = origin[axis] + depth * direction[axis];
          camera.to_camera(world, seen);
          const double scale = parallel ? 1 : 1 / seen[2];
          EXPECT_NEAR(camera.fx * seen[0] * scale + camera.cx, px, 1e-9);
          EXPECT_NEAR(camera.fy * seen[1] * scale + camera.cy, py, 1e-9);
          EXPECT_NEAR(seen[2], depth, 1e-12);
          const float single[3] = {1.5f, -2.25f, 8};
          const double wide[3] = {1.5, -2.25, 8};
          camera.to_camera(wide, seen);
          EXPECT_DOUBLE_EQ(camera.z_of(single), seen[2]);
          for (int axis = 0; axis < 3 && !parallel; ++axis) EXPECT_NEAR(origin[axis], centre[axis], 1e-12);
        }
  }
}

using Cell = std::array<int64_t, 3>;

// Voxels as voxel_cast lays them out, in arrays of the exact size.
struct Voxels {
  explicit Voxels(const std::vector<Cell>& all) : all(all) {
    Cell high = {};
    for (int axis = 0; axis < 3; ++axis) {
      int64_t least = INT64_MAX, most = INT64_MIN;
      for (const Cell& cell : all) least = std::min(least, cell[axis]), most = std::max(most, cell[axis]);
      grid.low[axis] = block_start(least);
      high[axis] = most;
      grid.blocks[axis] = (most - grid.low[axis]) / kEdge + 1;
    }
    block.assign(static_cast<size_t>(grid.blocks[0] * grid.blocks[1] * grid.blocks[2]), -1);
    for (size_t i = 0; i < all.size(); ++i) {
      const int64_t at[3] = {all[i][0] - grid.low[0], all[i][1] - grid.low[1], all[i][2] - grid.low[2]};
      int32_t& table = block[static_cast<size_t>(grid.index(at[0] / kEdge, at[1] / kEdge, at[2] / kEdge))];
      if (table < 0) {
        table = static_cast<int32_t>(cells.size() / kCells);
        cells.insert(cells.end(), kCells, -1);
      }
      cells[static_cast<size_t>(table * kCells + VoxelBlocks::within(at))] = static_cast<int32_t>(i);
    }
    cells.shrink_to_fit();
    grid.block = block.data();
    grid.cells = cells.data();
  }
  Voxels(const Voxels&) = delete;
  const std::vector<Cell> all;
  std::vector<int32_t> block, cells;
  VoxelBlocks grid;
};

// Where a ray is inside a voxel, from its three slabs; empty where it passes by.
struct Span {
  double enter, leave;
  Span(const Voxels& voxels, size_t voxel, const Ray& ray, double near) : enter(near), leave(kInfinite) {
    for (int axis = 0; axis < 3; ++axis) {
      const double low = static_cast<double>(voxels.all[voxel][axis] - voxels.grid.low[axis]) - ray.origin[axis], high = low + 1;
      if (ray.direction[axis] == 0) {
        leave = low <= 0 && 0 < high ? leave : -kInfinite;
        continue;
      }
      const double a = low / ray.direction[axis], b = high / ray.direction[axis];
      enter = std::max(enter, std::min(a, b));
      leave = std::min(leave, std::max(a, b));
    }
  }
};

std::vector<Cell> scattered(int64_t count, const Cell& from, const Cell& extent, uint32_t seed) {
  std::vector<Cell> cells;
  const Floats values = drawn(3 * count, seed);
  for (int64_t i = 0; i < count; ++i) {
    Cell cell;
    for (int axis = 0; axis < 3; ++axis)
      cell[axis] = from[axis] + static_cast<int64_t>((values[static_cast<size_t>(3 * i + axis)] + 1) / 2 * static_cast<float>(extent[axis]));
    if (std::find(cells.begin(), cells.end(), cell) == cells.end()) cells.push_back(cell);
  }
  return cells;
}

// Blocks that end where the voxels do, cells at negative coordinates, one voxel alone.
const std::deque<Voxels>& scenes() {
  static std::deque<Voxels> all;
  if (all.empty()) {
    all.emplace_back(scattered(300, {-5, -40, 3}, {30, 26, 9}, 1));
    all.emplace_back(scattered(40, {-100, 0, -9}, {120, 8, 17}, 2));
    all.emplace_back(std::vector<Cell>{{7, -1, 65535}});
  }
  return all;
}

// Rays from around and from inside, some along an axis, some through corners of cells.
std::vector<Ray> rays(const Voxels& voxels, int count, uint32_t seed) {
  std::vector<Ray> all;
  const Floats values = drawn(6 * count, seed);
  for (int i = 0; i < count; ++i) {
    Ray ray;
    for (int axis = 0; axis < 3; ++axis) {
      const double size = static_cast<double>(voxels.grid.blocks[axis] * kEdge);
      ray.origin[axis] = size / 2 + size * 1.5 * values[static_cast<size_t>(6 * i + axis)];
      const double aim = size / 2 + size * 0.5 * values[static_cast<size_t>(6 * i + 3 + axis)];
      ray.direction[axis] = (aim - ray.origin[axis]) / 7;
    }
    if (i % 5 == 1) ray.direction[i % 3] = 0, ray.origin[i % 3] = static_cast<double>(voxels.grid.blocks[i % 3] * kEdge) * 0.4 + 0.2;
    if (i % 5 == 2)
      for (int axis = 0; axis < 3; ++axis) ray.origin[axis] = std::floor(ray.origin[axis]), ray.direction[axis] = axis == i % 3 ? 1 : 0;
    if (i % 5 == 3)
      for (int axis = 0; axis < 3; ++axis) ray.origin[axis] = std::floor(ray.origin[axis]), ray.direction[axis] = (i >> axis & 1) != 0 ? 1 : -1;
    all.push_back(ray);
  }
  return all;
}

TEST(VoxelCast, FindsTheVoxelThatAllSlabsTogetherSayIsFirst) {
  int hits = 0;
  for (const Voxels& voxels : scenes())
    for (const double near : {0.0, 0.01, 4.0})
      for (const Ray& ray : rays(voxels, 400, 5)) {
        int32_t found;
        float depth;
        cast(voxels.grid, ray, near, &found, &depth);
        // A ray through an edge touches several voxels within rounding: any of those that it enters first, and is in for longer than that, will do.
        double first = kInfinite;
        for (size_t i = 0; i < voxels.all.size(); ++i) {
          const Span span(voxels, i, ray, near);
          if (span.enter + 1e-9 < span.leave) first = std::min(first, span.enter);
        }
        if (first == kInfinite) {
          if (found < 0) continue;
          const Span span(voxels, static_cast<size_t>(found), ray, near);
          EXPECT_LE(span.enter, span.leave + 1e-9);
          continue;
        }
        ++hits;
        ASSERT_GE(found, 0);
        EXPECT_NEAR(depth, first, 1e-6 * std::max(1.0, first));
        EXPECT_LE(Span(voxels, static_cast<size_t>(found), ray, near).enter, first + 1e-9);
      }
  EXPECT_GT(hits, 300);
}

TEST(VoxelCast, FindsWhatSmallStepsAlongTheRayMeet) {
  const Voxels& voxels = scenes()[0];
  int hits = 0;
  for (const Ray& ray : rays(voxels, 100, 9)) {
    double length = 0;
    for (const double d : ray.direction) length += d * d;
    const double step = 1e-3 / std::sqrt(length);
    int32_t found;
    float depth;
    cast(voxels.grid, ray, 0.5, &found, &depth);
    int32_t met = -1;
    double at = 0.5;
    for (; at < 0.5 + 200 / std::sqrt(length) && met < 0; at += step) {
      int64_t cell[3], block[3];
      bool inside = true;
      for (int axis = 0; axis < 3; ++axis) {
        cell[axis] = static_cast<int64_t>(std::floor(ray.origin[axis] + at * ray.direction[axis]));
        inside = inside && cell[axis] >= 0 && cell[axis] < voxels.grid.blocks[axis] * kEdge;
        block[axis] = cell[axis] / kEdge;
      }
      const int32_t* table = inside ? voxels.grid.find(block) : nullptr;
      if (table != nullptr) met = table[VoxelBlocks::within(cell)];
    }
    if (met < 0) continue;
    ++hits;
    ASSERT_GE(found, 0);
    // Steps may miss a corner that the walk cuts, never the other way round.
    EXPECT_LE(depth, at + 1e-5);
    EXPECT_TRUE(found == met || Span(voxels, static_cast<size_t>(found), ray, 0.5).leave - depth < 2 * step) << found << " and " << met;
  }
  EXPECT_GT(hits, 20);
}

TEST(VoxelCast, EndsWithoutAVoxelOrWithAnyForRaysThatAreNone) {
  const double odd[] = {0, 1, -1, 1e300, -1e300, 1e-300, kInfinite, -kInfinite, std::numeric_limits<double>::quiet_NaN()};
  for (const Voxels& voxels : scenes())
    for (const double origin : odd)
      for (const double direction : odd)
        for (int axis = 0; axis < 3; ++axis) {
          Ray ray = {{3, 3, 3}, {0.1, -0.2, 0.3}};
          ray.origin[axis] = origin;
          ray.direction[(axis + 1) % 3] = direction;
          int32_t found;
          float depth;
          cast(voxels.grid, ray, 0, &found, &depth);
          EXPECT_GE(found, -1);
          EXPECT_LT(found, static_cast<int32_t>(voxels.all.size()));
        }
}

TEST(VoxelCast, PixelRaysAreTheCamerasInCells) {
  const Camera camera = turned_camera(false);
  const VoxelLattice lattice = {{-3, 2, 0.5}, 0.25};
  const int64_t low[3] = {-8, 16, 0};
  const Ray ray = pixel_ray(camera, 3, 5, lattice, low);
  double origin[3], direction[3];
  camera.ray(3.5, 5.5, origin, direction);
  for (int axis = 0; axis < 3; ++axis)
    for (const double t : {0.0, 2.5})
      EXPECT_NEAR((ray.origin[axis] + t * ray.direction[axis] + static_cast<double>(low[axis])) * 0.25 + lattice.origin[axis],
                  origin[axis] + t * direction[axis], 1e-12);
}

}  // namespace
}  // namespace earthcraft::test
