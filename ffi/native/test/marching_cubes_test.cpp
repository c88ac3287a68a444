#include "kernels/marching_cubes.h"

#include <limits>
#include <set>

#include "kernel_test.h"
#include "ops/marching_cubes_reference.h"

namespace earthcraft::test {
namespace {

// The four corners of a cell's face, as bits of the case.
std::vector<int> face_corners(int axis, int side) {
  std::vector<int> corners;
  for (int c = 0; c < 8; ++c)
    if ((c >> (2 - axis) & 1) == side) corners.push_back(c);
  return corners;
}

// Where on a face of a cell (axis, side) the triangles of a case have their open edges, as pairs of places on the face.
std::set<std::pair<int, int>> seam(const CellCase& cut, int axis, int side) {
  std::set<std::pair<int, int>> edges;
  for (int t = 0; t < cut.triangles; ++t)
    for (int c = 0; c < 3; ++c) edges.insert({cut.edge[3 * t + c], cut.edge[3 * t + (c + 1) % 3]});
  std::set<std::pair<int, int>> open;
  for (const auto& [from, to] : edges) {
    if (edges.count({to, from})) continue;
    const auto on_face = [&](int edge) {
      for (const int a : face_corners(axis, side))
        for (const int b : face_corners(axis, side))
          if (a < b && ((a ^ b) & ((a ^ b) - 1)) == 0 && cell_edge(a, b) == edge) return true;
      return false;
    };
    if (on_face(from) && on_face(to)) open.insert({from, to});
  }
  return open;
}

// An edge of the face at side 1 as the neighbouring cell calls it.
int moved(int edge, int axis) {
  for (int a = 0; a < 8; ++a)
    for (int b = a + 1; b < 8; ++b)
      if (((a ^ b) & ((a ^ b) - 1)) == 0 && cell_edge(a, b) == edge && (a >> (2 - axis) & 1) && (b >> (2 - axis) & 1))
        return cell_edge(a - (4 >> axis), b - (4 >> axis));
  return -1;
}

TEST(MarchingCubesTable, AnyTwoCellsThatShareAFaceMeetInTheSameSegmentsTheOtherWayRound) {
  const CellCases cases = make_cell_cases();
  for (int axis = 0; axis < 3; ++axis)
    for (int first = 0; first < 256; ++first)
      for (int second = 0; second < 256; ++second) {
        bool shared = true;
        for (const int corner : face_corners(axis, 1)) shared = shared && (first >> corner & 1) == (second >> (corner - (4 >> axis)) & 1);
        if (!shared) continue;
        std::set<std::pair<int, int>> turned;
        for (const auto& [from, to] : seam(cases.of[first], axis, 1)) turned.insert({moved(to, axis), moved(from, axis)});
        ASSERT_EQ(turned, seam(cases.of[second], axis, 0)) << first << " beside " << second << " along " << axis;
      }
}

TEST(MarchingCubes, BitsSayWhatLiesInsideNoNumberOutside) {
  for (const int64_t count : {1, 3, 15, 16, 17, 63, 64, 65, 128, 200}) {
    Floats row = drawn(count, static_cast<uint32_t>(count));
    row[static_cast<size_t>(count / 2)] = std::numeric_limits<float>::quiet_NaN();
    row[0] = 0.25f;  // the level itself
    if (count > 3) row[2] = std::numeric_limits<float>::infinity(), row[3] = -std::numeric_limits<float>::infinity();
    for (const bool above : {true, false}) {
      std::vector<uint64_t> wanted(static_cast<size_t>((count + 63) / 64), 0);
      for (int64_t k = 0; k < count; ++k)
        if (above ? row[static_cast<size_t>(k)] > 0.25f : row[static_cast<size_t>(k)] < 0.25f)
          wanted[static_cast<size_t>(k / 64)] |= uint64_t{1} << k % 64;
      for (const auto& [name, run] : EC_VARIANTS(inside_bits)) {
        std::vector<uint64_t> found(wanted.size(), ~uint64_t{0});
        run(row.data(), count, 0.25f, above, found.data());
        EXPECT_EQ(found, wanted) << name << " " << count;
      }
    }
  }
}

TEST(MarchingCubes, PlanesEqualTheReferenceCellByCell) {
  const CellCases cases = make_cell_cases();
  const std::array<int64_t, 3> sizes[] = {{2, 2, 2}, {4, 3, 65}, {3, 5, 64}, {5, 4, 130}, {2, 7, 63}};
  for (const auto& size : sizes) {
    const Floats volume = drawn(size[0] * size[1] * size[2], static_cast<uint32_t>(size[2]));
    const Surface<double> wanted = marching_cubes_reference<double>(volume.data(), size, double{0.1f}, true);
    VolumeGrid grid{size[0], size[1], size[2], 0.1f, {0, 0, 0}, {1, 1, 1}, 0, 0, false};
    for (size_t variant = 0; variant < EC_VARIANTS(count_plane).size(); ++variant) {
      const std::string name = EC_VARIANTS(count_plane)[variant].name;
      std::vector<uint64_t> bits(static_cast<size_t>(size[0] * size[1] * grid.words()));
      std::vector<int32_t> starts(static_cast<size_t>(3 * size[0] * size[1])), triangles(static_cast<size_t>(size[0]));
      for (int64_t row = 0; row < size[0] * size[1]; ++row)
        EC_VARIANTS(inside_bits)[variant].run(volume.data() + row * size[2], size[2], 0.1f, true, bits.data() + row * grid.words());
      for (int64_t i = 0; i < size[0]; ++i)
        EC_VARIANTS(count_plane)[variant].run(grid, cases, bits.data(), i, starts.data() + 3 * i * size[1], &triangles[static_cast<size_t>(i)]);
      int32_t vertex_count = 0, face_count = 0;
      for (int32_t& start : starts) vertex_count += start, start = vertex_count - start;
      for (const int32_t count : triangles) face_count += count;
      ASSERT_EQ(static_cast<size_t>(vertex_count), wanted.vertices.size()) << name;
      ASSERT_EQ(static_cast<size_t>(face_count), wanted.faces.size()) << name;
      Floats vertices(static_cast<size_t>(3 * vertex_count));
      std::vector<int32_t> faces(static_cast<size_t>(3 * face_count));
      int64_t face = 0;
      for (int64_t i = 0; i < size[0]; ++i) {
        const float* front = volume.data() + i * size[1] * size[2];
        const float* back = i + 1 < size[0] ? front + size[1] * size[2] : front;
        EC_VARIANTS(plane_vertices)[variant].run(grid, bits.data(), starts.data(), i, front, back, vertices.data());
        EC_VARIANTS(plane_faces)[variant].run(grid, cases, bits.data(), starts.data(), i, faces.data() + 3 * face);
        face += triangles[static_cast<size_t>(i)];
      }
      Doubles places;
      std::vector<int32_t> corners;
      for (const auto& at : wanted.vertices) places.insert(places.end(), at.begin(), at.end());
      for (const auto& at : wanted.faces) corners.insert(corners.end(), at.begin(), at.end());
      EXPECT_EQ(faces, corners) << name;
      for (size_t i = 0; i < places.size(); ++i) ASSERT_EQ(vertices[i], static_cast<float>(places[i])) << name << " " << i;
    }
  }
}

}  // namespace
}  // namespace earthcraft::test
