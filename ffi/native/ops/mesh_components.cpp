// Which faces of a mesh hang together, by a shared vertex or by a shared edge; and the mesh of some of its faces.
//
// Pieces are numbered in the order of their first faces; areas are summed in face order, in double.  One thread joins (79,000 faces take a
// millisecond), all measure.
//
// Shapes:  vertices_N3 f32, faces_F3 i32   ->   piece_F i32, piece_N i32 (-1: no face has the vertex), areas_K f64, faces_K i64

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <cmath>
#include <numeric>
#include <string>
#include <tuple>
#include <vector>

#include "camera.h"
#include "radix_sort.h"

namespace earthcraft {
namespace {

class DisjointSets {
 public:
  explicit DisjointSets(int64_t count) : parent_(count) { std::iota(parent_.begin(), parent_.end(), 0); }
  int32_t root(int32_t item) {
    while (parent_[item] != item) {
      parent_[item] = parent_[parent_[item]];
      item = parent_[item];
    }
    return item;
  }
  // The lower root stays: of grown meshes the faces' vertices ascend, and trees stay flat.
  void join(int32_t a, int32_t b) {
    a = root(a), b = root(b);
    if (a < b)
      parent_[b] = a;
    else
      parent_[a] = b;
  }

 private:
  std::vector<int32_t> parent_;
};

// The piece of every face, before numbering: a set's root.
std::vector<int32_t> roots_by_vertices(const int32_t* faces, int64_t face_count, int64_t vertex_count) {
  DisjointSets vertices(vertex_count);
  for (int64_t f = 0; f < face_count; ++f) {
    vertices.join(faces[3 * f], faces[3 * f + 1]);
    vertices.join(faces[3 * f], faces[3 * f + 2]);
  }
  std::vector<int32_t> root(face_count);
  for (int64_t f = 0; f < face_count; ++f) root[f] = vertices.root(faces[3 * f]);
  return root;
}

std::vector<int32_t> roots_by_edges(const int32_t* faces, int64_t face_count, int64_t vertex_count) {
  std::vector<Keyed<uint64_t>> edges(3 * face_count), scratch;
  at::parallel_for(0, face_count, 1 << 14, [&](int64_t begin, int64_t end) {
    for (int64_t f = begin; f < end; ++f)
      for (int k = 0; k < 3; ++k) {
        const uint64_t a = faces[3 * f + k], b = faces[3 * f + (k + 1) % 3];
        edges[3 * f + k] = {std::min(a, b) * vertex_count + std::max(a, b), static_cast<int32_t>(f)};
      }
  });
  radix_sort(edges, scratch);
  DisjointSets sets(face_count);
  for (size_t i = 1; i < edges.size(); ++i)
    if (edges[i].key == edges[i - 1].key) sets.join(edges[i - 1].index, edges[i].index);
  std::vector<int32_t> root(face_count);
  for (int64_t f = 0; f < face_count; ++f) root[f] = sets.root(static_cast<int32_t>(f));
  return root;
}

double area_of(const float* vertices, const int32_t* face) {
  double p[3], q[3];
  for (int axis = 0; axis < 3; ++axis) {
    const double base = vertices[3 * static_cast<int64_t>(face[0]) + axis];
    p[axis] = vertices[3 * static_cast<int64_t>(face[1]) + axis] - base;
    q[axis] = vertices[3 * static_cast<int64_t>(face[2]) + axis] - base;
  }
  const double x = p[1] * q[2] - p[2] * q[1], y = p[2] * q[0] - p[0] * q[2], z = p[0] * q[1] - p[1] * q[0];
  return std::sqrt(x * x + y * y + z * z) / 2;
}

std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor> mesh_components(const at::Tensor& vertices_N3, const at::Tensor& faces_F3,
                                                                           std::string by) {
  check_mesh("mesh_components", vertices_N3, faces_F3);
  TORCH_CHECK(by == "vertices" || by == "edges", "mesh_components: by must be \"vertices\" or \"edges\", got \"", by, "\"");
  const int64_t face_count = faces_F3.size(0), vertex_count = vertices_N3.size(0);
  const float* vertices = vertices_N3.const_data_ptr<float>();
  const int32_t* faces = faces_F3.const_data_ptr<int32_t>();
  std::vector<double> area(face_count);
  at::parallel_for(0, face_count, 1 << 13, [&](int64_t begin, int64_t end) {
    for (int64_t f = begin; f < end; ++f) area[f] = area_of(vertices, faces + 3 * f);
  });

  const std::vector<int32_t> root =
      by == "edges" ? roots_by_edges(faces, face_count, vertex_count) : roots_by_vertices(faces, face_count, vertex_count);
  at::Tensor piece_F = at::empty({face_count}, faces_F3.options()), piece_N = at::empty({vertex_count}, faces_F3.options());
  int32_t* piece = piece_F.data_ptr<int32_t>();
  int32_t* piece_of_vertex = piece_N.data_ptr<int32_t>();
  std::fill_n(piece_of_vertex, vertex_count, -1);
  std::vector<int32_t> number(std::max(face_count, vertex_count), -1);
  std::vector<double> areas;
  std::vector<int64_t> counts;
  for (int64_t f = 0; f < face_count; ++f) {
    int32_t& known = number[root[f]];
    if (known < 0) {
      known = static_cast<int32_t>(areas.size());
      areas.push_back(0);
      counts.push_back(0);
    }
    piece[f] = known;
    areas[known] += area[f];
    ++counts[known];
    for (int k = 0; k < 3; ++k)
      if (piece_of_vertex[faces[3 * f + k]] < 0) piece_of_vertex[faces[3 * f + k]] = known;
  }
  const int64_t pieces = areas.size();
  at::Tensor areas_K = at::empty({pieces}, vertices_N3.options().dtype(at::kDouble)),
             faces_K = at::empty({pieces}, faces_F3.options().dtype(at::kLong));
  std::copy(areas.begin(), areas.end(), areas_K.data_ptr<double>());
  std::copy(counts.begin(), counts.end(), faces_K.data_ptr<int64_t>());
  return {piece_F, piece_N, areas_K, faces_K};
}

// The faces where keep is true, in their order, with the vertices that they have, in theirs; source_M: which vertices these were.
std::tuple<at::Tensor, at::Tensor, at::Tensor> mesh_select(const at::Tensor& vertices_N3, const at::Tensor& faces_F3, const at::Tensor& keep_F) {
  check_mesh("mesh_select", vertices_N3, faces_F3);
  TORCH_CHECK(keep_F.dim() == 1 && keep_F.scalar_type() == at::kBool && keep_F.size(0) == faces_F3.size(0), "mesh_select: keep must be bool [",
              faces_F3.size(0), "], one a face, got ", keep_F.scalar_type(), " ", keep_F.sizes());
  const at::Tensor kept = keep_F.contiguous();
  const bool* keep = kept.const_data_ptr<bool>();
  const float* vertices = vertices_N3.const_data_ptr<float>();
  const int32_t* faces = faces_F3.const_data_ptr<int32_t>();
  const int64_t face_count = faces_F3.size(0), vertex_count = vertices_N3.size(0);
  std::vector<int32_t> number(vertex_count, 0);
  int64_t left = 0;
  for (int64_t f = 0; f < face_count; ++f) {
    if (!keep[f]) continue;
    ++left;
    for (int k = 0; k < 3; ++k) number[faces[3 * f + k]] = 1;
  }
  int32_t used = 0;
  for (int32_t& at : number) at = at ? used++ : -1;

  at::Tensor vertices_M3 = at::empty({used, 3}, vertices_N3.options()), faces_G3 = at::empty({left, 3}, faces_F3.options());
  at::Tensor source_M = at::empty({used}, faces_F3.options());
  float* to_vertex = vertices_M3.data_ptr<float>();
  int32_t *to_face = faces_G3.data_ptr<int32_t>(), *source = source_M.data_ptr<int32_t>();
  for (int64_t v = 0; v < vertex_count; ++v) {
    if (number[v] < 0) continue;
    source[number[v]] = static_cast<int32_t>(v);
    std::copy_n(vertices + 3 * v, 3, to_vertex + 3 * static_cast<int64_t>(number[v]));
  }
  for (int64_t f = 0; f < face_count; ++f)
    if (keep[f])
      for (int k = 0; k < 3; ++k) *to_face++ = number[faces[3 * f + k]];
  return {vertices_M3, faces_G3, source_M};
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(earthcraft, m) {
  m.def(
      "mesh_components(Tensor vertices, Tensor faces, str by=\"vertices\") -> (Tensor piece_of_face, Tensor piece_of_vertex, Tensor areas, Tensor "
      "face_counts)");
  m.def("mesh_select(Tensor vertices, Tensor faces, Tensor keep) -> (Tensor vertices, Tensor faces, Tensor source)");
}
TORCH_LIBRARY_IMPL(earthcraft, CPU, m) {
  m.impl("mesh_components", &mesh_components);
  m.impl("mesh_select", &mesh_select);
}

}  // namespace earthcraft
