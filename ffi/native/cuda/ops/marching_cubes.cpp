// marching_cubes on CUDA: see ops/marching_cubes.cpp.  The same bits as on the CPU; waits for the GPU once, for the size of the surface.

#include "ops/marching_cubes.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/library.h>

#include <optional>
#include <string>
#include <tuple>

#include "cuda/marching_cubes.h"
#include "launch.h"
#include "sort.h"

namespace earthcraft {
namespace {

std::tuple<at::Tensor, at::Tensor> marching_cubes(const at::Tensor& volume_IJK, double level, at::ArrayRef<double> spacing,
                                                  at::ArrayRef<double> origin, std::string inside, const std::optional<at::Tensor>& before_JK,
                                                  int64_t first_plane, int64_t first_vertex, bool more) {
  TORCH_CHECK(volume_IJK.is_cuda(), "marching_cubes: volume lies on ", volume_IJK.device(), ", before on a GPU");
  check_device("marching_cubes", volume_IJK, {{"before", before_JK ? *before_JK : at::Tensor()}});
  const OnDevice on(volume_IJK);
  const VolumeSlab slab = read_slab(volume_IJK, level, spacing, origin, inside, before_JK, first_plane, first_vertex, more);
  const VolumeGrid& grid = slab.grid;
  const at::TensorOptions floats = volume_IJK.options(), indices = floats.dtype(at::kInt), wholes = floats.dtype(at::kLong);
  if (slab.empty) return {at::empty({0, 3}, floats), at::empty({0, 3}, indices)};
  const at::Tensor values = volume_IJK.contiguous(), before = before_JK ? before_JK->contiguous() : at::Tensor();
  const int64_t rows = grid.planes * grid.rows, groups = 3 * rows;
  const at::Tensor bits = at::empty({rows * grid.words()}, wholes);
  const gpu::VolumeOnDevice volume{grid, before.defined() ? before.const_data_ptr<float>() : nullptr, values.const_data_ptr<float>(), slab.above,
                                   reinterpret_cast<uint64_t*>(bits.data_ptr<int64_t>())};

  at::Tensor counts = at::zeros({groups + rows + 1}, wholes);
  gpu::count_surface(volume, counts.data_ptr<int64_t>(), on.stream());
  on.launched();
  const at::Tensor sums = exclusive_sums(counts, on.stream());
  const int64_t undrawn = more ? (grid.planes - 1) * 3 * grid.rows : groups;  // the group where the next slab's vertices begin
  const at::Tensor sizes = at::cat({sums.narrow(0, undrawn, 1), sums.narrow(0, groups, 1), sums.narrow(0, groups + rows, 1)}).to(at::kCPU);
  const int64_t drawn = sizes.const_data_ptr<int64_t>()[0], numbered = sizes.const_data_ptr<int64_t>()[1];
  const int64_t face_count = sizes.const_data_ptr<int64_t>()[2] - numbered;
  check_vertex_count(first_vertex + numbered);
  check_face_count(face_count);

  const at::Tensor starts = (sums.narrow(0, 0, groups) + first_vertex).to(at::kInt);
  at::Tensor vertices_N3 = at::empty({drawn, 3}, floats), faces_F3 = at::empty({face_count, 3}, indices);
  gpu::draw_surface(volume,
                    {starts.const_data_ptr<int32_t>(), sums.const_data_ptr<int64_t>() + groups, numbered, vertices_N3.data_ptr<float>(),
                     faces_F3.data_ptr<int32_t>()},
                    on.stream());
  on.launched();
  return {vertices_N3, faces_F3};
}

}  // namespace

TORCH_LIBRARY_IMPL(earthcraft, CUDA, m) { m.impl("marching_cubes", &marching_cubes); }

}  // namespace earthcraft
