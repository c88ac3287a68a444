// Reads attributes of a mesh's vertices at points given by face and barycentrics: the pixels of mesh_raster, the voxels of mesh_voxelize.
//
// Shapes:  face_... i32 (any shape; -1: no face), barycentrics_...3 f32, faces_F3 i32, attributes_NC f32   ->   [..., C] f32, 0 where there is no
// face

#include "mesh_interpolate.h"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <algorithm>

namespace earthcraft {
namespace {

at::Tensor mesh_interpolate(const at::Tensor& face, const at::Tensor& barycentrics, const at::Tensor& faces_F3, const at::Tensor& attributes_NC) {
  check_interpolate(face, barycentrics, faces_F3, attributes_NC);
  const at::Tensor at_face = face.contiguous(), weights = barycentrics.contiguous(), faces = faces_F3.contiguous(),
                   attributes = attributes_NC.contiguous();
  const int64_t channels = attributes.size(1), face_count = faces.size(0), vertex_count = attributes.size(0);
  std::vector<int64_t> shape = face.sizes().vec();
  shape.push_back(channels);
  at::Tensor out = at::empty(shape, attributes.options());
  const int32_t* face_of = at_face.const_data_ptr<int32_t>();
  const int32_t* corners = faces.const_data_ptr<int32_t>();
  const float* weight = weights.const_data_ptr<float>();
  const float* value = attributes.const_data_ptr<float>();
  float* to = out.data_ptr<float>();
  at::parallel_for(0, face.numel(), 1 << 12, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      float* row = to + i * channels;
      if (face_of[i] < 0) {
        std::fill_n(row, channels, 0.0f);
        continue;
      }
      check_face(face_of[i], i, face_count);
      const int32_t* corner = corners + 3 * static_cast<int64_t>(face_of[i]);
      const float* from[3];
      for (int k = 0; k < 3; ++k) {
        check_corner(corner[k], face_of[i], vertex_count);
        from[k] = value + corner[k] * channels;
      }
      const float w0 = weight[3 * i], w1 = weight[3 * i + 1], w2 = weight[3 * i + 2];
      for (int64_t c = 0; c < channels; ++c) row[c] = w0 * from[0][c] + w1 * from[1][c] + w2 * from[2][c];
    }
  });
  return out;
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(earthcraft, m) { m.def("mesh_interpolate(Tensor face, Tensor barycentrics, Tensor faces, Tensor attributes) -> Tensor"); }
TORCH_LIBRARY_IMPL(earthcraft, CPU, m) { m.impl("mesh_interpolate", &mesh_interpolate); }

}  // namespace earthcraft
