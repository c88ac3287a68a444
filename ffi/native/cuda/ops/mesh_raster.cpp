// mesh_raster and mesh_visibility on CUDA: see ops/mesh_raster.cpp, ops/mesh_visibility.cpp.  The same bits as on the CPU.

#include "cuda/mesh_raster.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <torch/library.h>

#include <string>
#include <tuple>
#include <vector>

#include "launch.h"
#include "ops/camera.h"

namespace earthcraft {
namespace {

// What the views of one call share.
class Raster {
 public:
  Raster(const char* op, const at::Tensor& vertices_N3, const at::Tensor& faces_F3, const at::Tensor& viewmats_V44, const at::Tensor& Ks_V33,
         int64_t width, int64_t height, double near, const std::string& projection)
      : cameras(read_raster(op, vertices_N3, faces_F3, viewmats_V44, Ks_V33, width, height, near, projection)),
        screen_(scratch(vertices_N3, vertices_N3.size(0) * sizeof(ScreenVertex))),
        nearest_(scratch(vertices_N3, width * height * sizeof(uint64_t))),
        large_(scratch(vertices_N3, 2 * faces_F3.size(0) * sizeof(gpu::LargeTriangle))),
        large_count_(scratch(vertices_N3, sizeof(int32_t))) {
    of_.view = {{}, near, static_cast<int>(width), static_cast<int>(height), vertices_N3.const_data_ptr<float>(), faces_F3.const_data_ptr<int32_t>()};
    of_.vertex_count = vertices_N3.size(0);
    of_.face_count = faces_F3.size(0);
    of_.screen = static_cast<ScreenVertex*>(screen_.data_ptr());
    of_.nearest = static_cast<uint64_t*>(nearest_.data_ptr());
    of_.large = static_cast<gpu::LargeTriangle*>(large_.data_ptr());
    of_.large_count = static_cast<int32_t*>(large_count_.data_ptr());
  }

  gpu::MeshRaster view(int64_t v) const {
    gpu::MeshRaster raster = of_;
    raster.view.camera = cameras[v];
    return raster;
  }

  const std::vector<Camera> cameras;

 private:
  static at::Tensor scratch(const at::Tensor& like, int64_t bytes) { return at::empty({bytes}, like.options().dtype(at::kByte)); }

  const at::Tensor screen_, nearest_, large_, large_count_;
  gpu::MeshRaster of_{};
};

void check_on_gpu(const char* op, const at::Tensor& vertices_N3, const at::Tensor& faces_F3) {
  TORCH_CHECK(vertices_N3.is_cuda(), op, ": vertices lies on ", vertices_N3.device(), ", another tensor on a GPU");
  check_device(op, vertices_N3, {{"faces", faces_F3}});
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> mesh_raster(const at::Tensor& vertices_N3, const at::Tensor& faces_F3, const at::Tensor& viewmats_V44,
                                                           const at::Tensor& Ks_V33, int64_t width, int64_t height, double near,
                                                           std::string projection) {
  check_on_gpu("mesh_raster", vertices_N3, faces_F3);
  const OnDevice on(vertices_N3);
  const Raster of("mesh_raster", vertices_N3, faces_F3, viewmats_V44, Ks_V33, width, height, near, projection);
  const int64_t views = of.cameras.size(), pixels = width * height;
  at::Tensor face_VHW = at::empty({views, height, width}, faces_F3.options());
  at::Tensor barycentrics_VHW3 = at::empty({views, height, width, 3}, vertices_N3.options());
  at::Tensor depth_VHW = at::empty({views, height, width}, vertices_N3.options());
  for (int64_t v = 0; v < views; ++v) {
    gpu::MeshRaster raster = of.view(v);
    raster.face = face_VHW.data_ptr<int32_t>() + v * pixels;
    raster.barycentrics = barycentrics_VHW3.data_ptr<float>() + 3 * v * pixels;
    raster.depth = depth_VHW.data_ptr<float>() + v * pixels;
    gpu::mesh_raster(raster, on.stream());
  }
  on.launched();
  return {face_VHW, barycentrics_VHW3, depth_VHW};
}

at::Tensor mesh_visibility(const at::Tensor& vertices_N3, const at::Tensor& faces_F3, const at::Tensor& viewmats_V44, const at::Tensor& Ks_V33,
                           int64_t width, int64_t height, double near, std::string projection) {
  check_on_gpu("mesh_visibility", vertices_N3, faces_F3);
  const OnDevice on(vertices_N3);
  const Raster of("mesh_visibility", vertices_N3, faces_F3, viewmats_V44, Ks_V33, width, height, near, projection);
  at::Tensor views_F = at::zeros({faces_F3.size(0)}, faces_F3.options());
  const at::Tensor last_view = at::full({faces_F3.size(0)}, -1, faces_F3.options());
  for (size_t v = 0; v < of.cameras.size(); ++v)
    gpu::mesh_watch(of.view(v), {static_cast<int32_t>(v), last_view.data_ptr<int32_t>(), views_F.data_ptr<int32_t>()}, on.stream());
  on.launched();
  return views_F;
}

}  // namespace

TORCH_LIBRARY_IMPL(earthcraft, CUDA, m) {
  m.impl("mesh_raster", &mesh_raster);
  m.impl("mesh_visibility", &mesh_visibility);
}

}  // namespace earthcraft
