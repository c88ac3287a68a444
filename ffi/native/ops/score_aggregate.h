// Checks of score_aggregate's arguments and, as they are met, of their values.
#pragma once

#include <ATen/core/Tensor.h>

#include <cmath>
#include <optional>

#include "camera.h"
#include "kernels/view_score.h"

namespace earthcraft {

inline void check_maps(const at::Tensor& vertices_N3, const at::Tensor& faces_F3, const at::Tensor& face_VHW, const at::Tensor& depth_VHW,
                       const at::Tensor& viewmats_V44, const std::optional<at::Tensor>& mask_VHW, double far_m) {
  check_mesh("score_aggregate", vertices_N3, faces_F3);
  TORCH_CHECK(face_VHW.dim() == 3 && face_VHW.scalar_type() == at::kInt, "score_aggregate: face must be int32 [V, H, W], got ",
              face_VHW.scalar_type(), " ", face_VHW.sizes());
  TORCH_CHECK(depth_VHW.sizes() == face_VHW.sizes() && depth_VHW.scalar_type() == at::kFloat, "score_aggregate: depth must be float32 ",
              face_VHW.sizes(), ", got ", depth_VHW.scalar_type(), " ", depth_VHW.sizes());
  TORCH_CHECK(viewmats_V44.dim() == 3 && viewmats_V44.size(0) == face_VHW.size(0), "score_aggregate: viewmats must be [", face_VHW.size(0),
              ", 4, 4] for as many face maps, got ", viewmats_V44.sizes());
  if (mask_VHW)
    TORCH_CHECK(mask_VHW->sizes() == face_VHW.sizes() && mask_VHW->scalar_type() == at::kBool, "score_aggregate: mask must be bool ",
                face_VHW.sizes(), ", got ", mask_VHW->scalar_type(), " ", mask_VHW->sizes());
  TORCH_CHECK(std::isfinite(far_m) && far_m > 0, "score_aggregate: far_m must be positive, got ", far_m);
}

inline void check_features(const at::Tensor& features_VHWC, const at::Tensor& face_VHW) {
  TORCH_CHECK(features_VHWC.dim() == 4 && features_VHWC.scalar_type() == at::kFloat && features_VHWC.sizes().slice(0, 3) == face_VHW.sizes(),
              "score_aggregate: features must be float32 [V, H, W, C] with [V, H, W] = ", face_VHW.sizes(), ", got ", features_VHWC.scalar_type(),
              " ", features_VHWC.sizes());
}

inline void check_labels(const at::Tensor& labels_VHW, const at::Tensor& face_VHW, int64_t classes) {
  TORCH_CHECK(labels_VHW.sizes() == face_VHW.sizes() && labels_VHW.scalar_type() == at::kByte, "score_aggregate: labels must be uint8 ",
              face_VHW.sizes(), ", got ", labels_VHW.scalar_type(), " ", labels_VHW.sizes());
  TORCH_CHECK(classes > 0 && classes <= 256, "score_aggregate: classes must lie in [1, 256], got ", classes);
}

inline void check_seen_face(int32_t face, int64_t view, int64_t face_count) {
  TORCH_CHECK(face < face_count, "score_aggregate: face ", face, " in view ", view, ", but there are ", face_count, " faces");
}

}  // namespace earthcraft
