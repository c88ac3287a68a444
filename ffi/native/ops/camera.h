// Checks the arguments that the rasterisers share: cameras, meshes, sizes of images.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "kernels/camera.h"

namespace earthcraft {

// viewmats [V, 4, 4] and Ks [V, 3, 3], float32 or float64, on any device; `projection` is "pinhole" or "parallel".  Errors begin with `op`.
std::vector<Camera> read_cameras(const char* op, const at::Tensor& viewmats_V44, const at::Tensor& Ks_V33, const std::string& projection);

// vertices [N, 3] float32 contiguous, faces [F, 3] int32 contiguous with every index inside [0, N).
void check_mesh(const char* op, const at::Tensor& vertices_N3, const at::Tensor& faces_F3);

// Image sizes stay below 2^15: pixel coordinates are kept exact in the edge functions.
void check_image_size(const char* op, int64_t width, int64_t height);

// All arguments of mesh_raster.
std::vector<Camera> read_raster(const char* op, const at::Tensor& vertices_N3, const at::Tensor& faces_F3, const at::Tensor& viewmats_V44,
                                const at::Tensor& Ks_V33, int64_t width, int64_t height, double near, const std::string& projection);

}  // namespace earthcraft
