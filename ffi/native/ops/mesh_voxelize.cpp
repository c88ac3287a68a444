// Surface voxels of a triangle mesh: every cell that a triangle touches, with the mesh's point nearest to the cell's centre.
//
// Cell i covers [i, i + 1) * voxel_m from the origin, so a face lying exactly between two layers belongs to the upper one.  Voxels come in Morton
// order (x in the lowest bit).  The nearest point is sought among the faces that touch the cell; at equal distance the lower face index wins.  In
// double and without fused multiply-add: equal bits on every CPU and at every thread count.
//
// Shapes:  vertices_N3 f32, faces_F3 i32   ->   coords_M3 i32 (x, y, z inside [0, extent)), face_M i32, barycentrics_M3 f32

#include "mesh_voxelize.h"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <vector>

#include "radix_sort.h"

namespace earthcraft {
namespace {

constexpr int64_t kFacesAChunk = 4096;

// A face in a cell.
struct Touch {
  uint64_t key;
  double squared;  // from the cell's centre to the face, in cells
  int32_t face;
};

void touch_cells(const CellLattice& lattice, const double (&corner)[3][3], int32_t face, std::vector<Touch>& out) {
  const FaceCells cells(lattice, corner);
  for (int64_t column = 0; column < cells.columns(); ++column)
    cells.visit(column, [&](const double (&cell)[3], double squared) { out.push_back({cell_key(cell), squared, face}); });
}

// Keeps the nearest face of every cell; touches of a cell are in face order, so that `<` prefers the lower index.
std::vector<Touch> nearest_touches(const std::vector<Touch>& touches) {
  std::vector<Keyed<uint64_t>> order(touches.size()), scratch;
  for (size_t i = 0; i < touches.size(); ++i) order[i] = {touches[i].key, static_cast<int32_t>(i)};
  radix_sort(order, scratch);
  std::vector<Touch> nearest;
  for (const Keyed<uint64_t>& item : order) {
    const Touch& touch = touches[item.index];
    if (nearest.empty() || nearest.back().key != touch.key)
      nearest.push_back(touch);
    else if (touch.squared < nearest.back().squared)
      nearest.back() = touch;
  }
  return nearest;
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> mesh_voxelize(const at::Tensor& vertices_N3, const at::Tensor& faces_F3, at::ArrayRef<double> origin,
                                                             double voxel_m, at::IntArrayRef extent) {
  const CellLattice lattice = read_lattice(vertices_N3, faces_F3, origin, voxel_m, extent);
  const float* vertices = vertices_N3.const_data_ptr<float>();
  const int32_t* faces = faces_F3.const_data_ptr<int32_t>();
  const int64_t face_count = faces_F3.size(0);

  std::vector<std::vector<Touch>> chunks((face_count + kFacesAChunk - 1) / kFacesAChunk);
  at::parallel_for(0, chunks.size(), 1, [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; ++c) {
      std::vector<Touch> touches;
      for (int64_t f = c * kFacesAChunk; f < std::min(face_count, (c + 1) * kFacesAChunk); ++f) {
        double corner[3][3];
        lattice.corners(vertices, faces + 3 * f, corner);
        touch_cells(lattice, corner, f, touches);
      }
      TORCH_CHECK(touches.size() < INT32_MAX, "mesh_voxelize: ", kFacesAChunk, " faces touch ", touches.size(), " cells; voxel_m ", voxel_m,
                  " is too small for this mesh");
      chunks[c] = nearest_touches(touches);
    }
  });
  std::vector<Touch> all;
  for (std::vector<Touch>& chunk : chunks) {
    all.insert(all.end(), chunk.begin(), chunk.end());
    std::vector<Touch>().swap(chunk);
  }
  TORCH_CHECK(all.size() < INT32_MAX, "mesh_voxelize: the mesh touches ", all.size(), " cells; voxel_m ", voxel_m, " is too small for it");
  const std::vector<Touch> voxels = nearest_touches(all);

  const int64_t count = voxels.size();
  at::Tensor coords_M3 = at::empty({count, 3}, faces_F3.options());
  at::Tensor face_M = at::empty({count}, faces_F3.options());
  at::Tensor barycentrics_M3 = at::empty({count, 3}, vertices_N3.options());
  int32_t* coords = coords_M3.data_ptr<int32_t>();
  int32_t* face = face_M.data_ptr<int32_t>();
  float* out = barycentrics_M3.data_ptr<float>();
  at::parallel_for(0, count, 1 << 12, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      face[i] = voxels[i].face;
      lattice.voxel(voxels[i].key, vertices, faces + 3 * static_cast<int64_t>(face[i]), coords + 3 * i, out + 3 * i);
    }
  });
  return {coords_M3, face_M, barycentrics_M3};
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(earthcraft, m) {
  m.def(
      "mesh_voxelize(Tensor vertices, Tensor faces, float[] origin, float voxel_m, int[] extent) -> (Tensor coords, Tensor face, Tensor "
      "barycentrics)");
}
TORCH_LIBRARY_IMPL(earthcraft, CPU, m) { m.impl("mesh_voxelize", &mesh_voxelize); }

}  // namespace earthcraft
