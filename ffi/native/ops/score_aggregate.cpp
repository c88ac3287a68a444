// Score aggregation (EarthCrafter, "Multi-View Score-Aggregation" and Listing 1): what many views saw, drawn onto the vertices of a mesh.
//
// A pixel scores |cos(view direction, face normal)|^exponent_view * (1 - depth / far_m)^exponent_depth and adds score * features to the three
// vertices of the face it sees.  Listing 1 copies every pixel three times; here pixels are summed once, into their face, and a vertex then sums its
// faces, which is the same sum.  Depth is z-depth, as the listing's; far_m = 600 is the paper's Z_far = 2.0 in units of 300 m.
//
// A pixel whose score or any of whose features is not finite adds nothing.  Sums run over pixels in view, row, column order and then over a vertex's
// faces in face order, whatever the number of threads.
//
// Shapes:  face_VHW i32 and depth_VHW f32 from mesh_raster, features_VHWC f32 or labels_VHW u8, mask_VHW bool   ->   sums_NC f32, weights_N f32

#include "score_aggregate.h"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <cmath>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace earthcraft {
namespace {

constexpr int kBlockBits = 8;  // faces are dealt to threads in blocks of 256, so that a view's visible part is shared evenly

struct Views {
  std::vector<Camera> cameras;
  int64_t width, height;
  const int32_t* face;
  const float* depth;
  const bool* mask;  // or null
};

// Adds score * value(pixel) to sums[face], for `channels` channels and the weight in one more.
template <typename Add>
void sum_pixels(const ScoredMesh& mesh, const Views& views, const Score& score, Add add) {
  const int64_t pixels = views.width * views.height;
  std::vector<float> pixel_score(pixels);
  std::vector<double> normal(3 * mesh.face_count);
  at::parallel_for(0, mesh.face_count, 1 << 12, [&](int64_t begin, int64_t end) {
    for (int64_t f = begin; f < end; ++f) unit_normal(mesh, f, normal.data() + 3 * f);
  });
  for (size_t v = 0; v < views.cameras.size(); ++v) {
    const int32_t* face = views.face + v * pixels;
    at::parallel_for(0, views.height, 8, [&](int64_t begin, int64_t end) {
      for (int64_t p = begin * views.width; p < end * views.width; ++p) {
        check_seen_face(face[p], v, mesh.face_count);
        const bool seen = face[p] >= 0 && (views.mask == nullptr || views.mask[v * pixels + p]);
        const float s =
            seen ? score(views.cameras[v], p % views.width + 0.5, p / views.width + 0.5, normal.data() + 3 * face[p], views.depth[v * pixels + p])
                 : 0;
        pixel_score[p] = std::isfinite(s) ? s : 0;
      }
    });
    const int64_t shares = at::get_num_threads();
    at::parallel_for(0, shares, 1, [&](int64_t begin, int64_t end) {
      for (int64_t share = begin; share < end; ++share)
        for (int64_t p = 0; p < pixels; ++p)
          if (pixel_score[p] > 0 && (shares == 1 || (face[p] >> kBlockBits) % shares == share)) add(face[p], v * pixels + p, pixel_score[p]);
    });
  }
}

// sums_NC and weights_N from per-face sums [F, stride], of which the last is the weight.
std::tuple<at::Tensor, at::Tensor> gather_vertices(const ScoredMesh& mesh, const std::vector<float>& face_sums, int64_t channels,
                                                   const at::TensorOptions& options) {
  const int64_t stride = channels + 1;
  std::vector<int64_t> start(mesh.vertex_count + 1, 0);
  for (int64_t i = 0; i < 3 * mesh.face_count; ++i) ++start[mesh.faces[i] + 1];
  for (int64_t v = 0; v < mesh.vertex_count; ++v) start[v + 1] += start[v];
  std::vector<int32_t> face_of(3 * mesh.face_count);
  std::vector<int64_t> cursor(start.begin(), start.end() - 1);
  for (int64_t i = 0; i < 3 * mesh.face_count; ++i) face_of[cursor[mesh.faces[i]]++] = i / 3;

  at::Tensor sums_NC = at::empty({mesh.vertex_count, channels}, options);
  at::Tensor weights_N = at::empty({mesh.vertex_count}, options);
  float* sums = sums_NC.data_ptr<float>();
  float* weights = weights_N.data_ptr<float>();
  at::parallel_for(0, mesh.vertex_count, 1 << 10, [&](int64_t begin, int64_t end) {
    for (int64_t v = begin; v < end; ++v) {
      float* row = sums + v * channels;
      std::fill_n(row, channels, 0.0f);
      float weight = 0;
      for (int64_t i = start[v]; i < start[v + 1]; ++i) {
        const float* from = face_sums.data() + face_of[i] * stride;
        if (from[channels] == 0) continue;
        for (int64_t c = 0; c < channels; ++c) row[c] += from[c];
        weight += from[channels];
      }
      weights[v] = weight;
    }
  });
  return {sums_NC, weights_N};
}

std::tuple<at::Tensor, at::Tensor> score_aggregate(const at::Tensor& vertices_N3, const at::Tensor& faces_F3, const at::Tensor& face_VHW,
                                                   const at::Tensor& depth_VHW, const at::Tensor& viewmats_V44, const at::Tensor& Ks_V33,
                                                   const at::Tensor& features_VHWC, const std::optional<at::Tensor>& mask_VHW, double far_m,
                                                   double exponent_view, double exponent_depth) {
  check_maps(vertices_N3, faces_F3, face_VHW, depth_VHW, viewmats_V44, mask_VHW, far_m);
  check_features(features_VHWC, face_VHW);
  const at::Tensor face = face_VHW.contiguous(), depth = depth_VHW.contiguous(), features = features_VHWC.contiguous();
  const at::Tensor mask = mask_VHW ? mask_VHW->contiguous() : at::Tensor();
  const ScoredMesh mesh{vertices_N3.const_data_ptr<float>(), faces_F3.const_data_ptr<int32_t>(), vertices_N3.size(0), faces_F3.size(0)};
  const Views views{read_cameras("score_aggregate", viewmats_V44, Ks_V33, "pinhole"),
                    face.size(2),
                    face.size(1),
                    face.const_data_ptr<int32_t>(),
                    depth.const_data_ptr<float>(),
                    mask.defined() ? mask.const_data_ptr<bool>() : nullptr};
  const int64_t channels = features.size(3);
  std::vector<float> face_sums(mesh.face_count * (channels + 1), 0.0f);
  const float* value = features.const_data_ptr<float>();
  sum_pixels(mesh, views, {far_m, exponent_view, exponent_depth}, [&](int64_t f, int64_t pixel, float score) {
    const float* from = value + pixel * channels;
    float* to = face_sums.data() + f * (channels + 1);
    float probe = 0;  // 0 * x is 0 unless x is infinite or NaN
    for (int64_t c = 0; c < channels; ++c) probe += 0 * from[c];
    if (probe != 0 || std::isnan(probe)) return;
    for (int64_t c = 0; c < channels; ++c) to[c] += score * from[c];
    to[channels] += score;
  });
  return gather_vertices(mesh, face_sums, channels, vertices_N3.options());
}

// The same for classes: labels stand for one-hot features.  A label of `classes` or more adds nothing.
std::tuple<at::Tensor, at::Tensor> score_aggregate_labels(const at::Tensor& vertices_N3, const at::Tensor& faces_F3, const at::Tensor& face_VHW,
                                                          const at::Tensor& depth_VHW, const at::Tensor& viewmats_V44, const at::Tensor& Ks_V33,
                                                          const at::Tensor& labels_VHW, int64_t classes, const std::optional<at::Tensor>& mask_VHW,
                                                          double far_m, double exponent_view, double exponent_depth) {
  check_maps(vertices_N3, faces_F3, face_VHW, depth_VHW, viewmats_V44, mask_VHW, far_m);
  check_labels(labels_VHW, face_VHW, classes);
  const at::Tensor face = face_VHW.contiguous(), depth = depth_VHW.contiguous(), labels = labels_VHW.contiguous();
  const at::Tensor mask = mask_VHW ? mask_VHW->contiguous() : at::Tensor();
  const ScoredMesh mesh{vertices_N3.const_data_ptr<float>(), faces_F3.const_data_ptr<int32_t>(), vertices_N3.size(0), faces_F3.size(0)};
  const Views views{read_cameras("score_aggregate", viewmats_V44, Ks_V33, "pinhole"),
                    face.size(2),
                    face.size(1),
                    face.const_data_ptr<int32_t>(),
                    depth.const_data_ptr<float>(),
                    mask.defined() ? mask.const_data_ptr<bool>() : nullptr};
  std::vector<float> face_sums(mesh.face_count * (classes + 1), 0.0f);
  const uint8_t* label = labels.const_data_ptr<uint8_t>();
  sum_pixels(mesh, views, {far_m, exponent_view, exponent_depth}, [&](int64_t f, int64_t pixel, float score) {
    if (label[pixel] >= classes) return;
    float* to = face_sums.data() + f * (classes + 1);
    to[label[pixel]] += score;
    to[classes] += score;
  });
  return gather_vertices(mesh, face_sums, classes, vertices_N3.options());
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(earthcraft, m) {
  m.def(
      "score_aggregate(Tensor vertices, Tensor faces, Tensor face, Tensor depth, Tensor viewmats, Tensor Ks, Tensor features, Tensor? mask=None, "
      "float far_m=600, float exponent_view=3, "
      "float exponent_depth=3) -> (Tensor sums, Tensor weights)");
  m.def(
      "score_aggregate_labels(Tensor vertices, Tensor faces, Tensor face, Tensor depth, Tensor viewmats, Tensor Ks, Tensor labels, int classes, "
      "Tensor? mask=None, float far_m=600, float "
      "exponent_view=3, float exponent_depth=3) -> (Tensor sums, Tensor weights)");
}
TORCH_LIBRARY_IMPL(earthcraft, CPU, m) {
  m.impl("score_aggregate", &score_aggregate);
  m.impl("score_aggregate_labels", &score_aggregate_labels);
}

}  // namespace earthcraft
