// score_aggregate and score_aggregate_labels on CUDA: see ops/score_aggregate.cpp.

#include "ops/score_aggregate.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <torch/library.h>

#include <optional>
#include <tuple>
#include <vector>

#include "cuda/score_aggregate.h"
#include "launch.h"
#include "sort.h"

namespace earthcraft {
namespace {

struct Maps {
  at::Tensor face, depth, mask;
};

std::tuple<at::Tensor, at::Tensor> aggregate(const at::Tensor& vertices_N3, const at::Tensor& faces_F3, const Maps& maps,
                                             const std::vector<Camera>& cameras, const gpu::PixelValues& values, const Score& score) {
  const OnDevice on(vertices_N3);
  const ScoredMesh mesh{vertices_N3.const_data_ptr<float>(), faces_F3.const_data_ptr<int32_t>(), vertices_N3.size(0), faces_F3.size(0)};
  const int64_t pixels = maps.face.numel(), height = maps.face.size(1), width = maps.face.size(2), channels = values.channels;
  TORCH_CHECK(pixels < INT32_MAX, "score_aggregate: at most 2^31 - 1 pixels at once, got ", pixels);
  const at::TensorOptions floats = vertices_N3.options(), wholes = floats.dtype(at::kLong), indices = floats.dtype(at::kInt);
  const auto words = [](const at::Tensor& t) { return reinterpret_cast<uint64_t*>(t.data_ptr<int64_t>()); };

  const at::Tensor normals_F3 = at::empty({mesh.face_count, 3}, floats.dtype(at::kDouble)), scores = at::empty({pixels}, floats);
  gpu::face_normals(mesh, normals_F3.data_ptr<double>(), on.stream());
  const at::Tensor keys = at::empty({pixels}, wholes), pixel_of = at::empty({pixels}, indices), first_bad = at::full({1}, INT64_MAX, wholes);
  for (size_t v = 0; v < cameras.size(); ++v) {
    const gpu::ViewPixels view{cameras[v],
                               static_cast<int64_t>(v) * width * height,
                               width,
                               height,
                               maps.face.const_data_ptr<int32_t>(),
                               maps.depth.const_data_ptr<float>(),
                               maps.mask.defined() ? maps.mask.const_data_ptr<bool>() : nullptr};
    gpu::score_pixels(mesh, normals_F3.const_data_ptr<double>(), view, score, values, words(keys), pixel_of.data_ptr<int32_t>(),
                      scores.data_ptr<float>(), first_bad.data_ptr<int64_t>(), on.stream());
  }
  on.launched();
  const int64_t bad = first_bad.item<int64_t>();
  if (bad < INT64_MAX) check_seen_face(maps.face.flatten()[bad].item<int32_t>(), bad / (width * height), mesh.face_count);

  const auto [sorted_keys, sorted_pixels] = sort_pairs(keys, pixel_of, gpu::bits_of(mesh.face_count + 1), on.stream());
  const at::Tensor face_starts = segment_starts(sorted_keys, 0, mesh.face_count, on.stream()),
                   face_sums = at::empty({mesh.face_count, channels + 1}, floats);
  gpu::sum_faces(mesh.face_count, face_starts.const_data_ptr<int64_t>(), sorted_pixels.const_data_ptr<int32_t>(), scores.const_data_ptr<float>(),
                 values, face_sums.data_ptr<float>(), on.stream());

  const at::Tensor vertex_keys = at::empty({3 * mesh.face_count}, wholes), corners = at::empty({3 * mesh.face_count}, indices);
  gpu::list_corners(mesh, words(vertex_keys), corners.data_ptr<int32_t>(), on.stream());
  const auto [sorted_vertices, sorted_corners] = sort_pairs(vertex_keys, corners, gpu::bits_of(mesh.vertex_count), on.stream());
  const at::Tensor vertex_starts = segment_starts(sorted_vertices, 0, mesh.vertex_count, on.stream());
  at::Tensor sums_NC = at::empty({mesh.vertex_count, channels}, floats), weights_N = at::empty({mesh.vertex_count}, floats);
  gpu::sum_vertices(mesh.vertex_count, vertex_starts.const_data_ptr<int64_t>(), sorted_corners.const_data_ptr<int32_t>(),
                    face_sums.const_data_ptr<float>(), channels, sums_NC.data_ptr<float>(), weights_N.data_ptr<float>(), on.stream());
  on.launched();
  return {sums_NC, weights_N};
}

Maps read_maps(const at::Tensor& vertices_N3, const at::Tensor& faces_F3, const at::Tensor& face_VHW, const at::Tensor& depth_VHW,
               const at::Tensor& viewmats_V44, const std::optional<at::Tensor>& mask_VHW, double far_m) {
  TORCH_CHECK(vertices_N3.is_cuda(), "score_aggregate: vertices lies on ", vertices_N3.device(), ", another tensor on a GPU");
  check_device("score_aggregate", vertices_N3,
               {{"faces", faces_F3}, {"face", face_VHW}, {"depth", depth_VHW}, {"mask", mask_VHW.value_or(at::Tensor())}});
  check_maps(vertices_N3, faces_F3, face_VHW, depth_VHW, viewmats_V44, mask_VHW, far_m);
  return {face_VHW.contiguous(), depth_VHW.contiguous(), mask_VHW ? mask_VHW->contiguous() : at::Tensor()};
}

std::tuple<at::Tensor, at::Tensor> score_aggregate(const at::Tensor& vertices_N3, const at::Tensor& faces_F3, const at::Tensor& face_VHW,
                                                   const at::Tensor& depth_VHW, const at::Tensor& viewmats_V44, const at::Tensor& Ks_V33,
                                                   const at::Tensor& features_VHWC, const std::optional<at::Tensor>& mask_VHW, double far_m,
                                                   double exponent_view, double exponent_depth) {
  const Maps maps = read_maps(vertices_N3, faces_F3, face_VHW, depth_VHW, viewmats_V44, mask_VHW, far_m);
  check_features(features_VHWC, face_VHW);
  check_device("score_aggregate", vertices_N3, {{"features", features_VHWC}});
  const at::Tensor features = features_VHWC.contiguous();
  return aggregate(vertices_N3, faces_F3, maps, read_cameras("score_aggregate", viewmats_V44, Ks_V33, "pinhole"),
                   {features.const_data_ptr<float>(), nullptr, features.size(3)}, {far_m, exponent_view, exponent_depth});
}

std::tuple<at::Tensor, at::Tensor> score_aggregate_labels(const at::Tensor& vertices_N3, const at::Tensor& faces_F3, const at::Tensor& face_VHW,
                                                          const at::Tensor& depth_VHW, const at::Tensor& viewmats_V44, const at::Tensor& Ks_V33,
                                                          const at::Tensor& labels_VHW, int64_t classes, const std::optional<at::Tensor>& mask_VHW,
                                                          double far_m, double exponent_view, double exponent_depth) {
  const Maps maps = read_maps(vertices_N3, faces_F3, face_VHW, depth_VHW, viewmats_V44, mask_VHW, far_m);
  check_labels(labels_VHW, face_VHW, classes);
  check_device("score_aggregate", vertices_N3, {{"labels", labels_VHW}});
  const at::Tensor labels = labels_VHW.contiguous();
  return aggregate(vertices_N3, faces_F3, maps, read_cameras("score_aggregate", viewmats_V44, Ks_V33, "pinhole"),
                   {nullptr, labels.const_data_ptr<uint8_t>(), classes}, {far_m, exponent_view, exponent_depth});
}

}  // namespace

TORCH_LIBRARY_IMPL(earthcraft, CUDA, m) {
  m.impl("score_aggregate", &score_aggregate);
  m.impl("score_aggregate_labels", &score_aggregate_labels);
}

}  // namespace earthcraft
