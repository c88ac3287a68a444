// Fills holes: border loops of few edges get triangles that turn as the mesh around them does.
//
// A loop is cut into triangles such that the sharpest fold, to the faces at its edges and inside, is as flat as it can be, and the area as small as
// it can be among those (Barequet and Sharir 1995; Liepa 2003, without his refinement): a hole in a plane is filled in the plane, without overlap.
// This takes time with the cube of a loop's edges.  No triangle uses an edge that is there already, so that no edge gets a third face; a loop that
// cannot be cut so gets a vertex in its middle and a fan around it.  New vertices and faces come after those that were there, loop by loop.
//
// Shapes:  vertices_N3 f32, faces_F3 i32   ->   vertices_M3 f32, faces_G3 i32

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "camera.h"
#include "mesh_loops.h"

namespace earthcraft {
namespace {

using Vec3 = std::array<double, 3>;
using Edges = std::set<std::pair<int32_t, int32_t>>;

Vec3 minus(const Vec3& a, const Vec3& b) { return {a[0] - b[0], a[1] - b[1], a[2] - b[2]}; }
Vec3 cross(const Vec3& a, const Vec3& b) { return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]}; }
double dot(const Vec3& a, const Vec3& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

std::pair<int32_t, int32_t> edge(int32_t a, int32_t b) { return {std::min(a, b), std::max(a, b)}; }

// Lower is better: the sharpest fold (1 - cos: 0 flat, 2 folded back), then the area.
struct Weight {
  double fold = 0, area = 0;
  bool operator<(const Weight& other) const { return fold < other.fold || (fold == other.fold && area < other.area); }
};
constexpr double kNever = std::numeric_limits<double>::infinity();

struct Normal {
  Vec3 unit;
  double area;
};

class HoleFilling {
 public:
  HoleFilling(const float* vertices, const int32_t* faces, const MeshBorders& borders) : vertices_(vertices), faces_(faces), borders_(borders) {}

  // Places i < m < j in the loop of each triangle; none where every way of cutting it uses an edge that exists or is among `added`.
  std::vector<std::array<int, 3>> cut(const MeshBorders::Loop& loop, const Edges& added) const {
    const int n = static_cast<int>(loop.vertex.size());
    std::vector<Vec3> at(n);
    for (int i = 0; i < n; ++i) at[i] = place(loop.vertex[i]);
    std::vector<Vec3> rim(n);  // normals of the faces across the edges
    for (int i = 0; i < n; ++i) {
      const int32_t* face = faces_ + 3 * (loop.opposite[i] / 3);
      rim[i] = normal(place(face[0]), place(face[1]), place(face[2])).unit;
    }
    // Of the part of the loop from i to j, closed by the edge between them: its weight, its triangle there, and that one's normal.
    std::vector<Weight> weight(n * n);
    std::vector<int> middle(n * n, -1);
    std::vector<Vec3> facing(n * n);
    for (int i = 0; i + 1 < n; ++i) facing[i * n + i + 1] = rim[i];
    for (int span = 2; span < n; ++span)
      for (int i = 0; i + span < n; ++i) {
        const int j = i + span, here = i * n + j;
        const bool whole = span == n - 1;
        weight[here] = {kNever, kNever};
        if (!whole && (borders_.joined(loop.vertex[i], loop.vertex[j]) || added.count(edge(loop.vertex[i], loop.vertex[j])))) continue;
        for (int m = i + 1; m < j; ++m) {
          const Weight &left = weight[i * n + m], &right = weight[m * n + j];
          if (left.fold == kNever || right.fold == kNever) continue;
          const Normal face = normal(at[i], at[m], at[j]);
          double fold = std::max({left.fold, right.fold, 1 - dot(face.unit, facing[i * n + m]), 1 - dot(face.unit, facing[m * n + j])});
          if (whole) fold = std::max(fold, 1 - dot(face.unit, rim[n - 1]));
          const Weight total{std::max(0.0, fold), left.area + right.area + face.area};
          if (!(total < weight[here])) continue;
          weight[here] = total;
          middle[here] = m;
          facing[here] = face.unit;
        }
      }
    std::vector<std::array<int, 3>> triangles;
    if (middle[n - 1] >= 0) collect(middle, n, 0, n - 1, triangles);
    return triangles;
  }

 private:
  Vec3 place(int32_t v) const {
    const float* at = vertices_ + 3 * static_cast<int64_t>(v);
    return {at[0], at[1], at[2]};
  }
  // Of a triangle without area: no direction, a fold of 1 with all others.
  static Normal normal(const Vec3& a, const Vec3& b, const Vec3& c) {
    const Vec3 out = cross(minus(b, a), minus(c, a));
    const double length = std::sqrt(dot(out, out));
    if (!(length > 0)) return {{0, 0, 0}, length};
    return {{out[0] / length, out[1] / length, out[2] / length}, length / 2};
  }
  static void collect(const std::vector<int>& middle, int n, int i, int j, std::vector<std::array<int, 3>>& triangles) {
    if (j - i < 2) return;
    const int m = middle[i * n + j];
    triangles.push_back({i, m, j});
    collect(middle, n, i, m, triangles);
    collect(middle, n, m, j, triangles);
  }

  const float* vertices_;
  const int32_t* faces_;
  const MeshBorders& borders_;
};

// A face by itself: its border is its own back.
bool is_single_face(const MeshBorders::Loop& loop) {
  for (const int64_t half : loop.opposite)
    if (half / 3 != loop.opposite[0] / 3) return false;
  return true;
}

std::tuple<at::Tensor, at::Tensor> mesh_fill_holes(const at::Tensor& vertices_N3, const at::Tensor& faces_F3, int64_t max_edges) {
  check_mesh("mesh_fill_holes", vertices_N3, faces_F3);
  TORCH_CHECK(max_edges >= 3 && max_edges <= 4096, "mesh_fill_holes: max_edges must lie in [3, 4096], got ", max_edges);
  const float* vertices = vertices_N3.const_data_ptr<float>();
  const int32_t* faces = faces_F3.const_data_ptr<int32_t>();
  const int64_t vertex_count = vertices_N3.size(0), face_count = faces_F3.size(0);
  const MeshBorders borders(faces, face_count, vertex_count);
  std::vector<MeshBorders::Loop> loops = borders.loops();
  loops.erase(std::remove_if(loops.begin(), loops.end(),
                             [&](const auto& loop) {
                               return loop.vertex.size() < 3 || static_cast<int64_t>(loop.vertex.size()) > max_edges || is_single_face(loop);
                             }),
              loops.end());

  const HoleFilling filling(vertices, faces, borders);
  std::vector<std::vector<std::array<int, 3>>> cuts(loops.size());
  at::parallel_for(0, loops.size(), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) cuts[i] = filling.cut(loops[i], {});
  });

  std::vector<int32_t> new_faces;
  std::vector<float> new_vertices;
  Edges added;
  for (size_t l = 0; l < loops.size(); ++l) {
    const std::vector<int32_t>& loop = loops[l].vertex;
    const int n = static_cast<int>(loop.size());
    const auto inner_edges = [&](const auto& visit) {
      for (const auto& [i, m, j] : cuts[l]) {
        if (m - i > 1) visit(edge(loop[i], loop[m]));
        if (j - m > 1) visit(edge(loop[m], loop[j]));
      }
    };
    // Loops that touch may have been given the same edge.
    bool meets = false;
    inner_edges([&](const auto& at) { meets = meets || added.count(at); });
    if (meets) cuts[l] = filling.cut(loops[l], added);
    inner_edges([&](const auto& at) { added.insert(at); });
    for (const auto& triangle : cuts[l])
      for (const int i : triangle) new_faces.push_back(loop[i]);
    if (!cuts[l].empty()) continue;
    const int64_t centre = vertex_count + static_cast<int64_t>(new_vertices.size() / 3);
    TORCH_CHECK(centre < INT32_MAX, "mesh_fill_holes: more vertices than int32 can name");
    for (int axis = 0; axis < 3; ++axis) {
      double sum = 0;
      for (const int32_t v : loop) sum += vertices[3 * static_cast<int64_t>(v) + axis];
      new_vertices.push_back(static_cast<float>(sum / n));
    }
    for (int i = 0; i < n; ++i) new_faces.insert(new_faces.end(), {loop[i], loop[(i + 1) % n], static_cast<int32_t>(centre)});
  }

  at::Tensor vertices_M3 = at::empty({vertex_count + static_cast<int64_t>(new_vertices.size()) / 3, 3}, vertices_N3.options());
  at::Tensor faces_G3 = at::empty({face_count + static_cast<int64_t>(new_faces.size()) / 3, 3}, faces_F3.options());
  std::copy_n(vertices, 3 * vertex_count, vertices_M3.data_ptr<float>());
  std::copy(new_vertices.begin(), new_vertices.end(), vertices_M3.data_ptr<float>() + 3 * vertex_count);
  std::copy_n(faces, 3 * face_count, faces_G3.data_ptr<int32_t>());
  std::copy(new_faces.begin(), new_faces.end(), faces_G3.data_ptr<int32_t>() + 3 * face_count);
  return {vertices_M3, faces_G3};
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(earthcraft, m) { m.def("mesh_fill_holes(Tensor vertices, Tensor faces, int max_edges) -> (Tensor vertices, Tensor faces)"); }
TORCH_LIBRARY_IMPL(earthcraft, CPU, m) { m.impl("mesh_fill_holes", &mesh_fill_holes); }

}  // namespace earthcraft
