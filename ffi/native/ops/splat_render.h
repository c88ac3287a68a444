// What the 2DGS operators share: their checked arguments.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "camera.h"
#include "kernels/splat.h"

namespace earthcraft {

// Splats of a batch of views; M splats, C channels, V views.
struct SplatScene {
  at::Tensor means_M3, quats_M4, scales_M, opacities_M;
  at::Tensor colors;         // [M, C] or, seen differently by every view, [V, M, C]
  at::Tensor background_VC;  // or undefined
  std::vector<Camera> cameras;
  int64_t count, channels, width, height;
  bool colors_by_view;
  float near, far;
  // The splats that a view sees, [first, first + seen) of M, and where its rows begin among all views'.
  std::vector<int64_t> first, seen, row;

  int64_t views() const { return cameras.size(); }
  int64_t tiles_across() const { return (width + kSplatTile - 1) / kSplatTile; }
  int64_t tiles() const { return tiles_across() * ((height + kSplatTile - 1) / kSplatTile); }
  SplatProjection projection(int64_t view, SplatOnScreen* out) const;
  SplatTile tile(int64_t view, int64_t index, const SplatOnScreen* on_screen, const int32_t* entries, const int64_t* starts) const;
};

SplatScene read_splats(const char* op, at::ScalarType dtype, const at::Tensor& means, const at::Tensor& quats, const at::Tensor& scales,
                       const at::Tensor& opacities, const at::Tensor& colors, const at::Tensor& viewmats, const at::Tensor& Ks, int64_t width,
                       int64_t height, const std::optional<at::Tensor>& background, const std::optional<at::Tensor>& ranges, double near, double far);

// Checks what splat_render_backward is given of the forward pass: depth and 7 internal results, distortion among them where it has a gradient.
void check_saved_splats(const SplatScene& scene, const std::optional<at::Tensor>& distortion_grad, at::TensorList saved);

// Checks ranges [V, 2] (or none: every view sees all) against `count` splats.
void read_ranges(const char* op, const std::optional<at::Tensor>& ranges_V2, int64_t views, int64_t count, std::vector<int64_t>& first,
                 std::vector<int64_t>& seen);

}  // namespace earthcraft
