// Marching cubes (Lorensen and Cline 1987): the surface on which a volume has a given level, as triangles.
//
// Every corner of a cell lies inside (above the level, or below) or outside; a value that is no number lies outside, so that the surface closes at
// the edge of what is known.  One bit a value holds that; from the bits alone follow the cells' cases, the number of each vertex and where every
// row's faces go (as in Schroeder, Maynard and Geveci's Flying Edges, 2015), so that vertices are shared without a search, and threads write to
// places known beforehand.  The values are read once as a whole, and then where the surface is.  Table and ambiguous cases:
// kernels/marching_cubes_table.h.
//
// A volume may come in slabs of planes; `before` is the last plane of the slab before, and a slab with `more` to come leaves the vertices of its last
// plane to the next.  Slabs give the bytes of the whole.
//
// Memory: 1/32 of the volume for the bits, and 12 bytes a row.
//
// Shapes:  volume_IJK f32, before_JK f32   ->   vertices_N3 f32 (origin + spacing * index), faces_F3 i32

#include "marching_cubes.h"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace earthcraft {
namespace {

constexpr CellCases kCases = make_cell_cases();

std::tuple<at::Tensor, at::Tensor> marching_cubes(const at::Tensor& volume_IJK, double level, at::ArrayRef<double> spacing,
                                                  at::ArrayRef<double> origin, std::string inside, const std::optional<at::Tensor>& before_JK,
                                                  int64_t first_plane, int64_t first_vertex, bool more) {
  const VolumeSlab slab = read_slab(volume_IJK, level, spacing, origin, inside, before_JK, first_plane, first_vertex, more);
  const VolumeGrid& grid = slab.grid;
  const at::TensorOptions floats = volume_IJK.options(), indices = floats.dtype(at::kInt);
  if (slab.empty) return {at::empty({0, 3}, floats), at::empty({0, 3}, indices)};
  const at::Tensor volume = volume_IJK.contiguous(), before = before_JK ? before_JK->contiguous() : at::Tensor();
  std::vector<const float*> planes;
  if (before.defined()) planes.push_back(before.const_data_ptr<float>());
  for (int64_t i = 0; i < volume.size(0); ++i) planes.push_back(volume.const_data_ptr<float>() + i * grid.rows * grid.values);

  const int64_t plane_words = grid.rows * grid.words(), groups = 3 * grid.rows;
  const std::unique_ptr<uint64_t[]> bits(new uint64_t[grid.planes * plane_words]);
  const std::unique_ptr<int32_t[]> starts(new int32_t[grid.planes * groups]);
  std::vector<int32_t> triangles(grid.planes);
  const auto inside_bits = EC_KERNEL(inside_bits);
  at::parallel_for(0, grid.planes, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      for (int64_t j = 0; j < grid.rows; ++j)
        inside_bits(planes[i] + j * grid.values, grid.values, grid.level, slab.above, bits.get() + i * plane_words + j * grid.words());
  });
  const auto count_plane = EC_KERNEL(count_plane);
  at::parallel_for(0, grid.planes, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) count_plane(grid, kCases, bits.get(), i, starts.get() + i * groups, &triangles[i]);
  });

  int64_t vertex = first_vertex, drawn = first_vertex, face = 0;
  std::vector<int64_t> first_face(grid.planes);
  for (int64_t i = 0; i < grid.planes; ++i) {
    for (int64_t g = 0; g < groups; ++g) {
      const int64_t count = starts[i * groups + g];
      check_vertex_count(vertex + count);
      starts[i * groups + g] = static_cast<int32_t>(vertex);
      vertex += count;
    }
    if (i + 1 < grid.planes || !more) drawn = vertex;
    first_face[i] = face;
    face += triangles[i];
  }
  check_face_count(face);

  at::Tensor vertices_N3 = at::empty({drawn - first_vertex, 3}, floats), faces_F3 = at::empty({face, 3}, indices);
  float* vertices = vertices_N3.data_ptr<float>();
  int32_t* faces = faces_F3.data_ptr<int32_t>();
  const auto plane_vertices = EC_KERNEL(plane_vertices);
  const auto plane_faces = EC_KERNEL(plane_faces);
  at::parallel_for(0, grid.planes, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      plane_vertices(grid, bits.get(), starts.get(), i, planes[i], planes[i + 1 < grid.planes ? i + 1 : i], vertices);
      plane_faces(grid, kCases, bits.get(), starts.get(), i, faces + 3 * first_face[i]);
    }
  });
  return {vertices_N3, faces_F3};
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(earthcraft, m) {
  m.def(
      "marching_cubes(Tensor volume, float level=0, float[] spacing=[1, 1, 1], float[] origin=[0, 0, 0], str inside=\"above\", Tensor? before=None, "
      "int first_plane=0, int first_vertex=0, bool more=False) -> (Tensor vertices, Tensor faces)");
}
TORCH_LIBRARY_IMPL(earthcraft, CPU, m) { m.impl("marching_cubes", &marching_cubes); }

}  // namespace earthcraft
