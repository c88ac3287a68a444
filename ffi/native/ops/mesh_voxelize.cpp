// Surface voxels of a triangle mesh: every cell that a triangle touches, with the mesh's point nearest to the cell's centre.
//
// Cell i covers [i, i + 1) * voxel_m from the origin, so a face lying exactly between two layers belongs to the upper one.  Voxels come in Morton
// order (x in the lowest bit).  The nearest point is sought among the faces that touch the cell; at equal distance the lower face index wins.  In
// double and without fused multiply-add: equal bits on every CPU and at every thread count.
//
// Shapes:  vertices_N3 f32, faces_F3 i32   ->   coords_M3 i32 (x, y, z inside [0, extent)), face_M i32, barycentrics_M3 f32

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <vector>

#include "camera.h"
#include "radix_sort.h"
#include "triangle_box.h"

namespace earthcraft {
namespace {

constexpr int64_t kFacesAChunk = 4096;
constexpr int kAxisBits = 21;

uint64_t spread_bits(uint64_t value) {  // bit i goes to bit 3 i
  value = (value | value << 32) & 0x1f00000000ffffULL;
  value = (value | value << 16) & 0x1f0000ff0000ffULL;
  value = (value | value << 8) & 0x100f00f00f00f00fULL;
  value = (value | value << 4) & 0x10c30c30c30c30c3ULL;
  return (value | value << 2) & 0x1249249249249249ULL;
}
uint64_t gather_bits(uint64_t value) {
  value &= 0x1249249249249249ULL;
  value = (value | value >> 2) & 0x10c30c30c30c30c3ULL;
  value = (value | value >> 4) & 0x100f00f00f00f00fULL;
  value = (value | value >> 8) & 0x1f0000ff0000ffULL;
  value = (value | value >> 16) & 0x1f00000000ffffULL;
  return (value | value >> 32) & 0x1fffff;
}

struct Lattice {
  double origin[3];
  double voxel_m;
  int64_t extent[3];

  void corners(const float* vertices, const int32_t* face, double (&out)[3][3]) const {
    for (int i = 0; i < 3; ++i)
      for (int axis = 0; axis < 3; ++axis) out[i][axis] = (vertices[3 * static_cast<int64_t>(face[i]) + axis] - origin[axis]) / voxel_m;
  }
};

// A face in a cell.
struct Touch {
  uint64_t key;
  double squared;  // from the cell's centre to the face, in cells
  int32_t face;
};

// Visits the cells of one face: columns along the axis that its normal follows most, so that a large face costs its area, not its bounding box.
void touch_cells(const Lattice& lattice, const double (&corner)[3][3], int32_t face, std::vector<Touch>& out) {
  double low[3], high[3];
  for (int axis = 0; axis < 3; ++axis) {
    const double least = std::min({corner[0][axis], corner[1][axis], corner[2][axis]}),
                 most = std::max({corner[0][axis], corner[1][axis], corner[2][axis]});
    low[axis] = std::max(0.0, std::floor(least));
    high[axis] = std::min(lattice.extent[axis] - 1.0, std::floor(most));
    if (!(std::isfinite(least) && std::isfinite(most) && low[axis] <= high[axis])) return;
  }
  const TriangleOverlap overlaps(corner);
  const double* normal = overlaps.normal;
  int deep = 2;
  if (std::abs(normal[0]) > std::abs(normal[deep])) deep = 0;
  if (std::abs(normal[1]) > std::abs(normal[deep])) deep = 1;
  const int u = (deep + 1) % 3, v = (deep + 2) % 3;
  const double slope_u = normal[deep] != 0 ? -normal[u] / normal[deep] : 0, slope_v = normal[deep] != 0 ? -normal[v] / normal[deep] : 0;
  const double rise = std::abs(slope_u) + std::abs(slope_v);  // of the plane over one column
  double cell[3];
  for (cell[v] = low[v]; cell[v] <= high[v]; ++cell[v])
    for (cell[u] = low[u]; cell[u] <= high[u]; ++cell[u]) {
      double first = low[deep], last = high[deep];
      if (normal[deep] != 0) {  // one cell of slack on both sides: the overlap test decides
        const double lowest = corner[0][deep] + slope_u * (cell[u] - corner[0][u]) + slope_v * (cell[v] - corner[0][v]) + std::min(0.0, slope_u) +
                              std::min(0.0, slope_v);
        first = std::max(first, std::floor(lowest) - 1);
        last = std::min(last, std::floor(lowest + rise) + 1);
      }
      for (cell[deep] = first; cell[deep] <= last; ++cell[deep]) {
        if (!overlaps(cell)) continue;
        const double centre[3] = {cell[0] + 0.5, cell[1] + 0.5, cell[2] + 0.5};
        double barycentrics[3];
        const double squared = nearest_on_triangle(corner, centre, barycentrics);
        const uint64_t key = spread_bits(static_cast<uint64_t>(cell[0])) | spread_bits(static_cast<uint64_t>(cell[1])) << 1 |
                             spread_bits(static_cast<uint64_t>(cell[2])) << 2;
        out.push_back({key, squared, face});
      }
    }
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
  check_mesh("mesh_voxelize", vertices_N3, faces_F3);
  TORCH_CHECK(origin.size() == 3 && std::isfinite(origin[0]) && std::isfinite(origin[1]) && std::isfinite(origin[2]),
              "mesh_voxelize: origin must be 3 finite numbers, got ", origin);
  TORCH_CHECK(std::isfinite(voxel_m) && voxel_m > 0, "mesh_voxelize: voxel_m must be positive, got ", voxel_m);
  TORCH_CHECK(extent.size() == 3, "mesh_voxelize: extent must be 3 numbers of cells, got ", extent);
  Lattice lattice;
  lattice.voxel_m = voxel_m;
  for (int axis = 0; axis < 3; ++axis) {
    TORCH_CHECK(extent[axis] > 0 && extent[axis] <= int64_t{1} << kAxisBits, "mesh_voxelize: extent must lie in [1, 2^", kAxisBits,
                "] cells an axis, got ", extent);
    lattice.origin[axis] = origin[axis];
    lattice.extent[axis] = extent[axis];
  }
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
      double corner[3][3], centre[3], barycentrics[3];
      face[i] = voxels[i].face;
      for (int axis = 0; axis < 3; ++axis) {
        coords[3 * i + axis] = static_cast<int32_t>(gather_bits(voxels[i].key >> axis));
        centre[axis] = coords[3 * i + axis] + 0.5;
      }
      lattice.corners(vertices, faces + 3 * static_cast<int64_t>(face[i]), corner);
      nearest_on_triangle(corner, centre, barycentrics);
      for (int k = 0; k < 3; ++k) out[3 * i + k] = static_cast<float>(barycentrics[k]);
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
