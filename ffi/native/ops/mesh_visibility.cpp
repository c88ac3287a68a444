// In how many views is each face of a mesh seen?  The pixels are those of mesh_raster, to the bit, but no picture is kept: a view needs a depth and a
// face a pixel, and marks the faces that are left.
//
// Views share the threads; a face is counted once a view, and sums of whole numbers do not depend on their order.
//
// Shapes:  vertices_N3 f32, faces_F3 i32, viewmats_V44, Ks_V33   ->   views_F i32

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/zeros.h>
#include <torch/library.h>

#include <algorithm>
#include <limits>
#include <mutex>
#include <string>
#include <vector>

#include "camera.h"
#include "kernels/mesh_screen.h"

namespace earthcraft {
namespace {

// One thread's views.
class Watcher {
 public:
  Watcher(int64_t vertex_count, int64_t face_count, int width, int height)
      : views_of(face_count),
        width_(width),
        height_(height),
        face_count_(face_count),
        screen_(vertex_count),
        nearest_(static_cast<int64_t>(width) * height),
        face_(nearest_.size()),
        last_view_(face_count, -1) {}

  void watch(const MeshView& mesh, int32_t view) {
    for (size_t v = 0; v < screen_.size(); ++v) {
      double at[3];
      mesh.camera_point(static_cast<int64_t>(v), at);
      screen_[v] = project(mesh.camera, at, mesh.near);
    }
    std::fill(nearest_.begin(), nearest_.end(), -std::numeric_limits<float>::infinity());
    std::fill(face_.begin(), face_.end(), -1);
    for (int64_t f = 0; f < face_count_; ++f) {
      const int32_t* corner = mesh.faces + 3 * f;
      const ScreenVertex &a = screen_[corner[0]], &b = screen_[corner[1]], &c = screen_[corner[2]];
      if (a.visible && b.visible && c.visible) {
        draw(f, a, b, c);
      } else if (a.visible || b.visible || c.visible) {
        ScreenVertex polygon[4];
        const int count = mesh.cut(f, polygon);
        for (int i = 2; i < count; ++i) draw(f, polygon[0], polygon[i - 1], polygon[i]);
      }
    }
    for (const int32_t f : face_)
      if (f >= 0 && last_view_[f] != view) {
        last_view_[f] = view;
        ++views_of[f];
      }
  }

  std::vector<int32_t> views_of;

 private:
  void draw(int64_t f, const ScreenVertex& a, const ScreenVertex& b, const ScreenVertex& c) {
    const PixelBox box(a, b, c, width_, height_);
    if (box.empty()) return;
    with_triangle(a, b, c, [&](const ScreenTriangle& triangle) {
      for (int y = box.y0; y <= box.y1; ++y)
        triangle.draw_row(y, box.x0, box.x1, 1, [&](int x, float q) {
          const int64_t pixel = static_cast<int64_t>(y) * width_ + x;
          if (q > nearest_[pixel]) {
            nearest_[pixel] = q;
            face_[pixel] = static_cast<int32_t>(f);
          }
        });
    });
  }

  const int width_, height_;
  const int64_t face_count_;
  std::vector<ScreenVertex> screen_;
  std::vector<float> nearest_;
  std::vector<int32_t> face_, last_view_;
};

at::Tensor mesh_visibility(const at::Tensor& vertices_N3, const at::Tensor& faces_F3, const at::Tensor& viewmats_V44, const at::Tensor& Ks_V33,
                           int64_t width, int64_t height, double near, std::string projection) {
  const std::vector<Camera> cameras = read_raster("mesh_visibility", vertices_N3, faces_F3, viewmats_V44, Ks_V33, width, height, near, projection);
  const int64_t vertex_count = vertices_N3.size(0), face_count = faces_F3.size(0);
  at::Tensor views_F = at::zeros({face_count}, faces_F3.options());
  int32_t* views_of = views_F.data_ptr<int32_t>();
  std::mutex adding;
  at::parallel_for(0, cameras.size(), 1, [&](int64_t begin, int64_t end) {
    Watcher watcher(vertex_count, face_count, width, height);
    for (int64_t v = begin; v < end; ++v)
      watcher.watch({cameras[v], near, static_cast<int>(width), static_cast<int>(height), vertices_N3.const_data_ptr<float>(),
                     faces_F3.const_data_ptr<int32_t>()},
                    static_cast<int32_t>(v));
    const std::lock_guard<std::mutex> lock(adding);
    for (int64_t f = 0; f < face_count; ++f) views_of[f] += watcher.views_of[f];
  });
  return views_F;
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(earthcraft, m) {
  m.def(
      "mesh_visibility(Tensor vertices, Tensor faces, Tensor viewmats, Tensor Ks, int width, int height, float near=0.01, str "
      "projection=\"pinhole\") "
      "-> Tensor");
}
TORCH_LIBRARY_IMPL(earthcraft, CPU, m) { m.impl("mesh_visibility", &mesh_visibility); }

}  // namespace earthcraft
