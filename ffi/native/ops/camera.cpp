#include "camera.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/aminmax.h>

#include <cmath>

namespace earthcraft {

std::vector<Camera> read_cameras(const char* op, const at::Tensor& viewmats_V44, const at::Tensor& Ks_V33, const std::string& projection) {
  TORCH_CHECK(viewmats_V44.dim() == 3 && viewmats_V44.size(1) == 4 && viewmats_V44.size(2) == 4 && viewmats_V44.is_floating_point(), op,
              ": viewmats must be float [V, 4, 4], got ", viewmats_V44.scalar_type(), " ", viewmats_V44.sizes());
  TORCH_CHECK(Ks_V33.dim() == 3 && Ks_V33.size(1) == 3 && Ks_V33.size(2) == 3 && Ks_V33.is_floating_point(), op, ": Ks must be float [V, 3, 3], got ",
              Ks_V33.scalar_type(), " ", Ks_V33.sizes());
  TORCH_CHECK(viewmats_V44.size(0) == Ks_V33.size(0), op, ": ", viewmats_V44.size(0), " viewmats, but ", Ks_V33.size(0), " Ks");
  TORCH_CHECK(projection == "pinhole" || projection == "parallel", op, ": projection must be \"pinhole\" or \"parallel\", got \"", projection, "\"");
  const at::Tensor viewmats = viewmats_V44.to(at::kCPU, at::kDouble).contiguous();
  const at::Tensor Ks = Ks_V33.to(at::kCPU, at::kDouble).contiguous();
  std::vector<Camera> cameras(viewmats.size(0));
  for (size_t v = 0; v < cameras.size(); ++v) {
    const double* m = viewmats.const_data_ptr<double>() + 16 * v;
    const double* k = Ks.const_data_ptr<double>() + 9 * v;
    for (int i = 0; i < 16; ++i) TORCH_CHECK(std::isfinite(m[i]), op, ": viewmats[", v, "] holds ", m[i]);
    for (int i = 0; i < 9; ++i) TORCH_CHECK(std::isfinite(k[i]), op, ": Ks[", v, "] holds ", k[i]);
    TORCH_CHECK(m[12] == 0 && m[13] == 0 && m[14] == 0 && m[15] == 1, op, ": the last row of viewmats[", v, "] must be 0 0 0 1, got ", m[12], " ",
                m[13], " ", m[14], " ", m[15], " (is it transposed?)");
    TORCH_CHECK(k[1] == 0 && k[3] == 0 && k[6] == 0 && k[7] == 0 && k[8] == 1, op, ": Ks[", v, "] must be [fx 0 cx; 0 fy cy; 0 0 1]");
    TORCH_CHECK(k[0] > 0 && k[4] > 0, op, ": focal lengths of Ks[", v, "] must be positive, got ", k[0], " and ", k[4]);
    Camera& camera = cameras[v];
    for (int row = 0; row < 3; ++row) {
      for (int col = 0; col < 3; ++col) camera.rotation[3 * row + col] = m[4 * row + col];
      camera.translation[row] = m[4 * row + 3];
      for (int other = 0; other < 3; ++other) {
        const double dot = m[4 * row] * m[4 * other] + m[4 * row + 1] * m[4 * other + 1] + m[4 * row + 2] * m[4 * other + 2];
        TORCH_CHECK(std::abs(dot - (row == other)) < 1e-3, op, ": viewmats[", v, "] is not a rotation and a translation (rows ", row, " and ", other,
                    " have the product ", dot, ")");
      }
    }
    camera.fx = k[0];
    camera.fy = k[4];
    camera.cx = k[2];
    camera.cy = k[5];
    camera.parallel = projection == "parallel";
  }
  return cameras;
}

void check_mesh(const char* op, const at::Tensor& vertices_N3, const at::Tensor& faces_F3) {
  TORCH_CHECK(vertices_N3.dim() == 2 && vertices_N3.size(1) == 3 && vertices_N3.scalar_type() == at::kFloat, op,
              ": vertices must be float32 [N, 3], got ", vertices_N3.scalar_type(), " ", vertices_N3.sizes());
  TORCH_CHECK(faces_F3.dim() == 2 && faces_F3.size(1) == 3 && faces_F3.scalar_type() == at::kInt, op, ": faces must be int32 [F, 3], got ",
              faces_F3.scalar_type(), " ", faces_F3.sizes());
  TORCH_CHECK(faces_F3.size(0) < (int64_t{1} << 31) / 3, op, ": at most 2^31 / 3 faces, got ", faces_F3.size(0));
  TORCH_CHECK(vertices_N3.is_contiguous() && faces_F3.is_contiguous(), op, ": vertices and faces must be contiguous");
  if (faces_F3.numel() == 0) return;
  const auto [least, most] = at::aminmax(faces_F3);
  const int32_t low = least.item<int32_t>(), high = most.item<int32_t>();
  TORCH_CHECK(low >= 0 && high < vertices_N3.size(0), op, ": faces name vertices ", low, " to ", high, ", but there are ", vertices_N3.size(0));
}

void check_image_size(const char* op, int64_t width, int64_t height) {
  TORCH_CHECK(width > 0 && height > 0 && width < 32768 && height < 32768, op, ": width and height must lie in [1, 32767], got ", width, " x ",
              height);
}

std::vector<Camera> read_raster(const char* op, const at::Tensor& vertices_N3, const at::Tensor& faces_F3, const at::Tensor& viewmats_V44,
                                const at::Tensor& Ks_V33, int64_t width, int64_t height, double near, const std::string& projection) {
  check_mesh(op, vertices_N3, faces_F3);
  check_image_size(op, width, height);
  std::vector<Camera> cameras = read_cameras(op, viewmats_V44, Ks_V33, projection);
  TORCH_CHECK(std::isfinite(near) && (near > 0 || projection == "parallel"), op, ": near must be positive, got ", near);
  return cameras;
}

}  // namespace earthcraft
