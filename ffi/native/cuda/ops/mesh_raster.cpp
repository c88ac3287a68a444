// mesh_raster on CUDA: see ops/mesh_raster.cpp.  The same bits as on the CPU.

#include "cuda/mesh_raster.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <string>
#include <tuple>
#include <vector>

#include "launch.h"
#include "ops/camera.h"

namespace earthcraft {
namespace {

std::tuple<at::Tensor, at::Tensor, at::Tensor> mesh_raster(const at::Tensor& vertices_N3, const at::Tensor& faces_F3, const at::Tensor& viewmats_V44,
                                                           const at::Tensor& Ks_V33, int64_t width, int64_t height, double near,
                                                           std::string projection) {
  TORCH_CHECK(vertices_N3.is_cuda(), "mesh_raster: vertices lies on ", vertices_N3.device(), ", another tensor on a GPU");
  check_device("mesh_raster", vertices_N3, {{"faces", faces_F3}});
  const OnDevice on(vertices_N3);
  const std::vector<Camera> cameras = read_raster("mesh_raster", vertices_N3, faces_F3, viewmats_V44, Ks_V33, width, height, near, projection);
  const int64_t views = cameras.size(), pixels = width * height;
  at::Tensor face_VHW = at::empty({views, height, width}, faces_F3.options());
  at::Tensor barycentrics_VHW3 = at::empty({views, height, width, 3}, vertices_N3.options());
  at::Tensor depth_VHW = at::empty({views, height, width}, vertices_N3.options());
  const auto bytes = [&](int64_t count) { return at::empty({count}, vertices_N3.options().dtype(at::kByte)); };
  const at::Tensor screen = bytes(vertices_N3.size(0) * sizeof(ScreenVertex)), nearest = bytes(pixels * sizeof(uint64_t)),
                   large = bytes(2 * faces_F3.size(0) * sizeof(gpu::LargeTriangle)), large_count = bytes(sizeof(int32_t));
  for (int64_t v = 0; v < views; ++v) {
    gpu::MeshRaster raster{};
    raster.view = {
        cameras[v], near, static_cast<int>(width), static_cast<int>(height), vertices_N3.const_data_ptr<float>(), faces_F3.const_data_ptr<int32_t>()};
    raster.vertex_count = vertices_N3.size(0);
    raster.face_count = faces_F3.size(0);
    raster.screen = static_cast<ScreenVertex*>(screen.data_ptr());
    raster.nearest = static_cast<uint64_t*>(nearest.data_ptr());
    raster.large = static_cast<gpu::LargeTriangle*>(large.data_ptr());
    raster.large_count = static_cast<int32_t*>(large_count.data_ptr());
    raster.face = face_VHW.data_ptr<int32_t>() + v * pixels;
    raster.barycentrics = barycentrics_VHW3.data_ptr<float>() + 3 * v * pixels;
    raster.depth = depth_VHW.data_ptr<float>() + v * pixels;
    gpu::mesh_raster(raster, on.stream());
  }
  on.launched();
  return {face_VHW, barycentrics_VHW3, depth_VHW};
}

}  // namespace

TORCH_LIBRARY_IMPL(earthcraft, CUDA, m) { m.impl("mesh_raster", &mesh_raster); }

}  // namespace earthcraft
