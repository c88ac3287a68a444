// mesh_voxelize on CUDA: see ops/mesh_voxelize.cpp.  The same bits as on the CPU.

#include "ops/mesh_voxelize.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/library.h>

#include <algorithm>
#include <tuple>

#include "cuda/mesh_voxelize.h"
#include "launch.h"
#include "sort.h"

namespace earthcraft {
namespace {

std::tuple<at::Tensor, at::Tensor, at::Tensor> mesh_voxelize(const at::Tensor& vertices_N3, const at::Tensor& faces_F3, at::ArrayRef<double> origin,
                                                             double voxel_m, at::IntArrayRef extent) {
  TORCH_CHECK(vertices_N3.is_cuda(), "mesh_voxelize: vertices lies on ", vertices_N3.device(), ", another tensor on a GPU");
  check_device("mesh_voxelize", vertices_N3, {{"faces", faces_F3}});
  const OnDevice on(vertices_N3);
  const int64_t face_count = faces_F3.size(0);
  const gpu::VoxelizedMesh mesh{read_lattice(vertices_N3, faces_F3, origin, voxel_m, extent), vertices_N3.const_data_ptr<float>(),
                                faces_F3.const_data_ptr<int32_t>(), face_count};
  const at::TensorOptions floats = vertices_N3.options(), wholes = floats.dtype(at::kLong), indices = floats.dtype(at::kInt);

  at::Tensor counts = at::zeros({face_count + 1}, wholes);
  gpu::count_touches(mesh, counts.data_ptr<int64_t>(), on.stream());
  on.launched();
  const at::Tensor starts = exclusive_sums(counts, on.stream());
  const int64_t touch_count = starts.narrow(0, face_count, 1).item<int64_t>();
  TORCH_CHECK(touch_count < INT32_MAX, "mesh_voxelize: the mesh touches ", touch_count, " cells; voxel_m ", voxel_m, " is too small for it");

  const at::Tensor keys = at::empty({touch_count}, wholes), squared = at::empty({touch_count}, floats.dtype(at::kDouble)),
                   face = at::empty({touch_count}, indices), number = at::empty({touch_count}, indices);
  const gpu::Touches touches{reinterpret_cast<uint64_t*>(keys.data_ptr<int64_t>()), squared.data_ptr<double>(), face.data_ptr<int32_t>(),
                             number.data_ptr<int32_t>()};
  gpu::list_touches(mesh, starts.const_data_ptr<int64_t>(), touches, on.stream());
  const int bits = 3 * gpu::bits_of(*std::max_element(extent.begin(), extent.end()));
  const auto [sorted_keys, sorted_numbers] = sort_pairs(keys, number, bits, on.stream());
  at::Tensor is_first = at::zeros({touch_count + 1}, wholes);
  const auto* sorted_key = reinterpret_cast<const uint64_t*>(sorted_keys.const_data_ptr<int64_t>());
  gpu::mark_cells(sorted_key, touch_count, is_first.data_ptr<int64_t>(), on.stream());
  const at::Tensor cell = exclusive_sums(is_first, on.stream());
  const int64_t count = cell.narrow(0, touch_count, 1).item<int64_t>();

  at::Tensor coords_M3 = at::empty({count, 3}, faces_F3.options()), face_M = at::empty({count}, faces_F3.options());
  at::Tensor barycentrics_M3 = at::empty({count, 3}, floats);
  gpu::write_voxels(
      mesh, touches,
      {sorted_key, sorted_numbers.const_data_ptr<int32_t>(), is_first.const_data_ptr<int64_t>(), cell.const_data_ptr<int64_t>(), touch_count},
      coords_M3.data_ptr<int32_t>(), face_M.data_ptr<int32_t>(), barycentrics_M3.data_ptr<float>(), on.stream());
  on.launched();
  return {coords_M3, face_M, barycentrics_M3};
}

}  // namespace

TORCH_LIBRARY_IMPL(earthcraft, CUDA, m) { m.impl("mesh_voxelize", &mesh_voxelize); }

}  // namespace earthcraft
