// Checks of mesh_interpolate's arguments and, as they are met, of their values.
#pragma once

#include <ATen/core/Tensor.h>

namespace earthcraft {

inline void check_interpolate(const at::Tensor& face, const at::Tensor& barycentrics, const at::Tensor& faces_F3, const at::Tensor& attributes_NC) {
  TORCH_CHECK(face.scalar_type() == at::kInt, "mesh_interpolate: face must be int32, got ", face.scalar_type());
  TORCH_CHECK(barycentrics.scalar_type() == at::kFloat && barycentrics.dim() == face.dim() + 1 && barycentrics.size(-1) == 3 &&
                  barycentrics.numel() == 3 * face.numel(),
              "mesh_interpolate: barycentrics must be float32 of face's shape and 3, got ", barycentrics.scalar_type(), " ", barycentrics.sizes(),
              " for face ", face.sizes());
  TORCH_CHECK(faces_F3.dim() == 2 && faces_F3.size(1) == 3 && faces_F3.scalar_type() == at::kInt,
              "mesh_interpolate: faces must be int32 [F, 3], got ", faces_F3.scalar_type(), " ", faces_F3.sizes());
  TORCH_CHECK(attributes_NC.dim() == 2 && attributes_NC.scalar_type() == at::kFloat, "mesh_interpolate: attributes must be float32 [N, C], got ",
              attributes_NC.scalar_type(), " ", attributes_NC.sizes());
}

inline void check_face(int32_t face, int64_t position, int64_t face_count) {
  TORCH_CHECK(face < face_count, "mesh_interpolate: face ", face, " at position ", position, ", but there are ", face_count, " faces");
}

inline void check_corner(int32_t vertex, int32_t face, int64_t vertex_count) {
  TORCH_CHECK(vertex >= 0 && vertex < vertex_count, "mesh_interpolate: face ", face, " names vertex ", vertex, ", but attributes has ", vertex_count,
              " rows");
}

}  // namespace earthcraft
