// mesh_interpolate on CUDA: see ops/mesh_interpolate.cpp.

#include "ops/mesh_interpolate.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <torch/library.h>

#include <vector>

#include "cuda/mesh_interpolate.h"
#include "launch.h"

namespace earthcraft {
namespace {

at::Tensor mesh_interpolate(const at::Tensor& face, const at::Tensor& barycentrics, const at::Tensor& faces_F3, const at::Tensor& attributes_NC) {
  check_interpolate(face, barycentrics, faces_F3, attributes_NC);
  TORCH_CHECK(face.is_cuda(), "mesh_interpolate: face lies on ", face.device(), ", another tensor on a GPU");
  check_device("mesh_interpolate", face, {{"barycentrics", barycentrics}, {"faces", faces_F3}, {"attributes", attributes_NC}});
  const OnDevice on(face);
  const at::Tensor at_face = face.contiguous(), weights = barycentrics.contiguous(), faces = faces_F3.contiguous(),
                   attributes = attributes_NC.contiguous();
  std::vector<int64_t> shape = face.sizes().vec();
  shape.push_back(attributes.size(1));
  at::Tensor out = at::empty(shape, attributes.options());
  const at::Tensor first_bad = at::full({1}, INT64_MAX, face.options().dtype(at::kLong));
  const gpu::MeshPoints points{at_face.const_data_ptr<int32_t>(),
                               weights.const_data_ptr<float>(),
                               faces.const_data_ptr<int32_t>(),
                               attributes.const_data_ptr<float>(),
                               face.numel(),
                               faces.size(0),
                               attributes.size(0),
                               attributes.size(1)};
  gpu::mesh_interpolate(points, out.data_ptr<float>(), first_bad.data_ptr<int64_t>(), on.stream());
  on.launched();
  const int64_t bad = first_bad.item<int64_t>();
  if (bad < INT64_MAX) {  // the CPU's words
    const auto bad_face = at_face.flatten()[bad].item<int32_t>();
    check_face(bad_face, bad, points.face_count);
    for (int k = 0; k < 3; ++k) check_corner(faces[bad_face][k].item<int32_t>(), bad_face, points.vertex_count);
  }
  return out;
}

}  // namespace

TORCH_LIBRARY_IMPL(earthcraft, CUDA, m) { m.impl("mesh_interpolate", &mesh_interpolate); }

}  // namespace earthcraft
