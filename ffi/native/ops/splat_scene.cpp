// Checks and unpacks the arguments of the 2DGS operators.

#include <ATen/ops/eye.h>

#include <cmath>

#include "splat_render.h"
#include "splat_sh.h"

namespace earthcraft {

void read_ranges(const char* op, const std::optional<at::Tensor>& ranges_V2, int64_t views, int64_t count, std::vector<int64_t>& first,
                 std::vector<int64_t>& seen) {
  first.assign(views, 0);
  seen.assign(views, count);
  if (!ranges_V2) return;
  TORCH_CHECK(ranges_V2->dim() == 2 && ranges_V2->size(0) == views && ranges_V2->size(1) == 2 &&
                  (ranges_V2->scalar_type() == at::kLong || ranges_V2->scalar_type() == at::kInt),
              op, ": ranges must be int [V, 2] with V = ", views, ", got ", ranges_V2->scalar_type(), " ", ranges_V2->sizes());
  const at::Tensor ranges = ranges_V2->to(at::kCPU, at::kLong).contiguous();
  const int64_t* range = ranges.const_data_ptr<int64_t>();
  for (int64_t v = 0; v < views; ++v) {
    TORCH_CHECK(0 <= range[2 * v] && range[2 * v] <= range[2 * v + 1] && range[2 * v + 1] <= count, op, ": ranges[", v, "] is [", range[2 * v], ", ",
                range[2 * v + 1], "), but there are ", count, " splats");
    first[v] = range[2 * v];
    seen[v] = range[2 * v + 1] - range[2 * v];
  }
}

SplatScene read_splats(const char* op, at::ScalarType dtype, const at::Tensor& means, const at::Tensor& quats, const at::Tensor& scales,
                       const at::Tensor& opacities, const at::Tensor& colors, const at::Tensor& viewmats, const at::Tensor& Ks, int64_t width,
                       int64_t height, const std::optional<at::Tensor>& background, const std::optional<at::Tensor>& ranges, double near,
                       double far) {
  SplatScene scene;
  scene.cameras = read_cameras(op, viewmats, Ks, "pinhole");
  check_image_size(op, width, height);
  TORCH_CHECK(near > 0 && near < far, op, ": need 0 < near < far, got ", near, " and ", far);
  const int64_t m = scene.count = means.dim() == 2 ? means.size(0) : -1, views = scene.views();
  const auto check = [&](const char* name, const at::Tensor& t, bool shape, const char* wanted) {
    TORCH_CHECK(shape && t.scalar_type() == dtype, op, ": ", name, " must be ", dtype, " ", wanted, ", got ", t.scalar_type(), " ", t.sizes(),
                "; means has ", m, " rows");
  };
  check("means", means, means.dim() == 2 && means.size(1) == 3, "[M, 3]");
  check("quats", quats, quats.dim() == 2 && quats.size(0) == m && quats.size(1) == 4, "[M, 4]");
  check("scales", scales, scales.dim() == 2 && scales.size(0) == m && (scales.size(1) == 2 || scales.size(1) == 3), "[M, 2] or [M, 3]");
  check("opacities", opacities, opacities.dim() == 1 && opacities.size(0) == m, "[M]");
  scene.colors_by_view = colors.dim() == 3;
  check("colors", colors,
        (colors.dim() == 2 || (colors.dim() == 3 && colors.size(0) == views)) && colors.size(-2) == m && colors.size(-1) > 0 &&
            colors.size(-1) <= kSplatChannels,
        "[M, C] or [V, M, C] with C in [1, 64]");
  TORCH_CHECK(m < INT32_MAX, op, ": at most 2^31 - 1 splats, got ", m);
  scene.channels = colors.size(-1);
  if (background) {
    check("background", *background,
          (background->dim() == 1 || (background->dim() == 2 && background->size(0) == views)) && background->size(-1) == scene.channels,
          "[C] or [V, C]");
    scene.background_VC = background->expand({views, scene.channels}).contiguous();
  }
  scene.means_M3 = means.contiguous();
  scene.quats_M4 = quats.contiguous();
  scene.scales_M = scales.contiguous();
  scene.opacities_M = opacities.contiguous();
  scene.colors = colors.contiguous();
  scene.width = width;
  scene.height = height;
  scene.near = static_cast<float>(near);
  scene.far = static_cast<float>(std::fmin(far, 3e38));
  read_ranges(op, ranges, views, m, scene.first, scene.seen);
  scene.row.assign(views + 1, 0);
  for (int64_t v = 0; v < views; ++v) scene.row[v + 1] = scene.row[v] + scene.seen[v];
  return scene;
}

void check_saved_splats(const SplatScene& scene, const std::optional<at::Tensor>& distortion_grad, at::TensorList saved) {
  TORCH_CHECK(saved.size() == 8, "splat_render_backward: saved must be depth and the 7 internal results of the forward pass, got ", saved.size(),
              " tensors");
  const bool wanted = distortion_grad && distortion_grad->defined();
  TORCH_CHECK(!wanted || saved[7].numel() == scene.views() * scene.height * scene.width,
              "splat_render_backward: distortion_grad is of a distortion that the forward pass was not asked for");
}

ShViews read_sh(const char* op, const at::Tensor& means_M3, const at::Tensor& sh_MK3, const at::Tensor& viewmats_V44,
                const std::optional<at::Tensor>& ranges_V2) {
  TORCH_CHECK(means_M3.dim() == 2 && means_M3.size(1) == 3 && (means_M3.scalar_type() == at::kFloat || means_M3.scalar_type() == at::kDouble), op,
              ": means must be float32 [M, 3], got ", means_M3.scalar_type(), " ", means_M3.sizes());
  TORCH_CHECK(sh_MK3.dim() == 3 && sh_MK3.size(0) == means_M3.size(0) && (sh_MK3.size(1) == 1 || sh_MK3.size(1) == 4) && sh_MK3.size(2) == 3 &&
                  sh_MK3.scalar_type() == means_M3.scalar_type(),
              op, ": sh must be ", means_M3.scalar_type(), " [M, 1 or 4, 3] with M = ", means_M3.size(0), ", got ", sh_MK3.scalar_type(), " ",
              sh_MK3.sizes());
  TORCH_CHECK(viewmats_V44.dim() == 3, op, ": viewmats must be [V, 4, 4], got ", viewmats_V44.sizes());
  const int64_t views = viewmats_V44.size(0);
  ShViews out;
  for (const Camera& camera : read_cameras(op, viewmats_V44, at::eye(3, at::kDouble).expand({views, 3, 3}), "pinhole")) {
    out.centre.resize(out.centre.size() + 3);
    camera.centre(out.centre.data() + out.centre.size() - 3);
  }
  read_ranges(op, ranges_V2, views, means_M3.size(0), out.first, out.seen);
  return out;
}

SplatProjection SplatScene::projection(int64_t view, SplatOnScreen* out) const {
  SplatProjection job{};
  job.shapes = {means_M3.const_data_ptr<float>(), quats_M4.const_data_ptr<float>(), scales_M.const_data_ptr<float>(), scales_M.size(1),
                opacities_M.const_data_ptr<float>()};
  const Camera& camera = cameras[view];
  for (int i = 0; i < 9; ++i) job.camera.rotation[i] = static_cast<float>(camera.rotation[i]);
  for (int i = 0; i < 3; ++i) job.camera.translation[i] = static_cast<float>(camera.translation[i]);
  job.camera.fx = static_cast<float>(camera.fx), job.camera.fy = static_cast<float>(camera.fy);
  job.camera.cx = static_cast<float>(camera.cx), job.camera.cy = static_cast<float>(camera.cy);
  job.near = near, job.far = far;
  job.width = width, job.height = height;
  job.first = first[view];
  job.out = out;
  return job;
}

SplatTile SplatScene::tile(int64_t view, int64_t index, const SplatOnScreen* on_screen, const int32_t* entries, const int64_t* starts) const {
  SplatTile out{};
  out.splats = on_screen + row[view];
  out.channels = colors.const_data_ptr<float>() + ((colors_by_view ? view * count : 0) + first[view]) * channels;
  out.channel_count = channels;
  const int64_t* range = starts + view * tiles() + index;
  out.entries = entries + range[0];
  out.entry_count = range[1] - range[0];
  out.x0 = index % tiles_across() * kSplatTile;
  out.y0 = index / tiles_across() * kSplatTile;
  out.width = width;
  out.height = height;
  out.near = near;
  out.background = background_VC.defined() ? background_VC.const_data_ptr<float>() + view * channels : nullptr;
  return out;
}

}  // namespace earthcraft
