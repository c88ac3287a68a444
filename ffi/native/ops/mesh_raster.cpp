// Rasterises triangle meshes: which face does each pixel see, where on it, how deep.
//
// Pixel centres are sampled at +0.5; a shared edge belongs to one face by the top-left rule: screen positions are snapped to 1/4096 pixel and edge
// functions are evaluated from the same end of an edge by both its faces, so that a closed mesh has no holes and no pixel is drawn twice.  Coverage
// decides the face; barycentrics and depth then come from the pixel's ray and the face itself, unsnapped, which also serves faces cut by the near
// plane. Faces are seen from both sides.  At equal depth the lower face index wins.  Compiled once, without fused multiply-add: a data set has equal
// bits whatever the CPU and the number of threads.
//
// Shapes:  vertices_N3 f32, faces_F3 i32, viewmats_V44, Ks_V33   ->   face_VHW i32 (-1: none), barycentrics_VHW3 f32, depth_VHW f32 (z-depth, 0:
// none)

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include "camera.h"
#include "kernels/mesh_screen.h"
#include "mesh_raster_reference.h"

namespace earthcraft {
namespace {

constexpr int64_t kFacesAChunk = 8192;
constexpr int kBandRows = 16;

// A face (or half of one cut by the near plane) that may cover a pixel centre.
struct Candidate {
  int32_t face;
  int32_t cut;  // -1: the face's own vertices; else its first vertex among the chunk's cut vertices
  int16_t x0, x1, y0, y1;
};

struct Chunk {
  std::vector<Candidate> candidates;
  std::vector<ScreenVertex> cut_vertices;
};

class View {
 public:
  View(const Camera& camera, double near, int width, int height, const float* vertices, int64_t vertex_count, const int32_t* faces,
       int64_t face_count)
      : mesh_{camera, near, width, height, vertices, faces}, width_(width), height_(height), vertex_count_(vertex_count), face_count_(face_count) {}

  void draw(int32_t* face, float* barycentrics, float* depth) {
    screen_.resize(vertex_count_);
    at::parallel_for(0, vertex_count_, 1 << 13, [&](int64_t begin, int64_t end) {
      for (int64_t v = begin; v < end; ++v) {
        double at[3];
        mesh_.camera_point(v, at);
        screen_[v] = project(mesh_.camera, at, mesh_.near);
      }
    });
    chunks_.resize((face_count_ + kFacesAChunk - 1) / kFacesAChunk);
    at::parallel_for(0, chunks_.size(), 1, [&](int64_t begin, int64_t end) {
      for (int64_t c = begin; c < end; ++c) collect(c);
    });
    bin();
    at::parallel_for(0, band_count(), 1, [&](int64_t begin, int64_t end) {
      for (int64_t band = begin; band < end; ++band) draw_band(band, face, barycentrics, depth);
    });
  }

 private:
  int band_count() const { return (height_ + kBandRows - 1) / kBandRows; }

  void add(Chunk& chunk, int32_t face, int32_t cut, const ScreenVertex& a, const ScreenVertex& b, const ScreenVertex& c) const {
    const PixelBox box(a, b, c, width_, height_);
    if (box.empty()) return;
    chunk.candidates.push_back(
        {face, cut, static_cast<int16_t>(box.x0), static_cast<int16_t>(box.x1), static_cast<int16_t>(box.y0), static_cast<int16_t>(box.y1)});
  }

  void collect(int64_t c) {
    Chunk& chunk = chunks_[c];
    const int64_t end = std::min(face_count_, (c + 1) * kFacesAChunk);
    for (int64_t f = c * kFacesAChunk; f < end; ++f) {
      const int32_t* corner = mesh_.faces + 3 * f;
      const ScreenVertex &a = screen_[corner[0]], &b = screen_[corner[1]], &d = screen_[corner[2]];
      if (a.visible && b.visible && d.visible)
        add(chunk, f, -1, a, b, d);
      else if (a.visible || b.visible || d.visible)
        cut(chunk, f);
    }
  }

  void cut(Chunk& chunk, int32_t f) {
    ScreenVertex polygon[4];
    const int count = mesh_.cut(f, polygon);
    for (int i = 2; i < count; ++i) {
      const int32_t first = chunk.cut_vertices.size();
      chunk.cut_vertices.insert(chunk.cut_vertices.end(), {polygon[0], polygon[i - 1], polygon[i]});
      add(chunk, f, first, polygon[0], polygon[i - 1], polygon[i]);
    }
  }

  // Lists the candidates of every band of rows, in face order.
  void bin() {
    const int bands = band_count();
    std::vector<int64_t> cursor(chunks_.size() * bands);  // [chunk, band]
    at::parallel_for(0, chunks_.size(), 1, [&](int64_t begin, int64_t end) {
      for (int64_t c = begin; c < end; ++c)
        for (const Candidate& it : chunks_[c].candidates)
          for (int band = it.y0 / kBandRows; band <= it.y1 / kBandRows; ++band) ++cursor[c * bands + band];
    });
    band_begin_.assign(bands + 1, 0);
    int64_t total = 0;
    for (int band = 0; band < bands; ++band) {
      band_begin_[band] = total;
      for (size_t c = 0; c < chunks_.size(); ++c) {
        const int64_t count = cursor[c * bands + band];
        cursor[c * bands + band] = total;
        total += count;
      }
    }
    band_begin_[bands] = total;
    entries_.resize(total);
    at::parallel_for(0, chunks_.size(), 1, [&](int64_t begin, int64_t end) {
      for (int64_t c = begin; c < end; ++c)
        for (size_t i = 0; i < chunks_[c].candidates.size(); ++i) {
          const Candidate& it = chunks_[c].candidates[i];
          for (int band = it.y0 / kBandRows; band <= it.y1 / kBandRows; ++band)
            entries_[cursor[c * bands + band]++] = {static_cast<int32_t>(c), static_cast<int32_t>(i)};
        }
    });
  }

  void draw_candidate(const Chunk& chunk, const Candidate& it, int band_y0, int band_y1, float* nearest, int32_t* face) const {
    const ScreenVertex* corner[3];
    for (int i = 0; i < 3; ++i)
      corner[i] = it.cut < 0 ? &screen_[mesh_.faces[3 * static_cast<int64_t>(it.face) + i]] : &chunk.cut_vertices[it.cut + i];
    with_triangle(*corner[0], *corner[1], *corner[2], [&](const ScreenTriangle& triangle) {
      for (int y = std::max<int>(it.y0, band_y0); y <= std::min<int>(it.y1, band_y1); ++y)
        triangle.draw_row(y, it.x0, it.x1, 1, [&](int x, float q) {
          const int64_t pixel = static_cast<int64_t>(y - band_y0) * width_ + x;
          if (q > nearest[pixel]) {
            nearest[pixel] = q;
            face[pixel] = it.face;
          }
        });
    });
  }

  void draw_band(int64_t band, int32_t* face, float* barycentrics, float* depth) const {
    const int y0 = band * kBandRows, y1 = std::min(height_, y0 + kBandRows) - 1;
    const int64_t first = static_cast<int64_t>(y0) * width_, count = static_cast<int64_t>(y1 - y0 + 1) * width_;
    std::vector<float> nearest(count, -std::numeric_limits<float>::infinity());
    std::fill_n(face + first, count, -1);
    for (int64_t e = band_begin_[band]; e < band_begin_[band + 1]; ++e) {
      const Chunk& chunk = chunks_[entries_[e].chunk];
      draw_candidate(chunk, chunk.candidates[entries_[e].candidate], y0, y1, nearest.data(), face + first);
    }
    for (int y = y0; y <= y1; ++y)
      for (int x = 0; x < width_; ++x) {
        const int64_t pixel = static_cast<int64_t>(y) * width_ + x;
        mesh_.locate(x, y, face[pixel], barycentrics + 3 * pixel, depth + pixel);
      }
  }

  struct Entry {
    int32_t chunk, candidate;
  };

  const MeshView mesh_;
  const int width_, height_;
  const int64_t vertex_count_, face_count_;
  std::vector<ScreenVertex> screen_;
  std::vector<Chunk> chunks_;
  std::vector<int64_t> band_begin_;
  std::vector<Entry> entries_;
};

std::tuple<at::Tensor, at::Tensor, at::Tensor> mesh_raster(const at::Tensor& vertices_N3, const at::Tensor& faces_F3, const at::Tensor& viewmats_V44,
                                                           const at::Tensor& Ks_V33, int64_t width, int64_t height, double near,
                                                           std::string projection) {
  const std::vector<Camera> cameras = read_raster("mesh_raster", vertices_N3, faces_F3, viewmats_V44, Ks_V33, width, height, near, projection);
  const int64_t views = cameras.size(), pixels = width * height;
  at::Tensor face_VHW = at::empty({views, height, width}, faces_F3.options());
  at::Tensor barycentrics_VHW3 = at::empty({views, height, width, 3}, vertices_N3.options());
  at::Tensor depth_VHW = at::empty({views, height, width}, vertices_N3.options());
  const auto draw = [&](int64_t begin, int64_t end) {
    for (int64_t v = begin; v < end; ++v)
      View(cameras[v], near, width, height, vertices_N3.const_data_ptr<float>(), vertices_N3.size(0), faces_F3.const_data_ptr<int32_t>(),
           faces_F3.size(0))
          .draw(face_VHW.data_ptr<int32_t>() + v * pixels, barycentrics_VHW3.data_ptr<float>() + 3 * v * pixels,
                depth_VHW.data_ptr<float>() + v * pixels);
  };
  // Many views share the threads by view, few by chunks and bands inside a view; the pixels do not depend on which.
  if (views >= at::get_num_threads())
    at::parallel_for(0, views, 1, draw);
  else
    draw(0, views);
  return {face_VHW, barycentrics_VHW3, depth_VHW};
}

// Every pixel against every face, in double: what mesh_raster must show, for its tests.
std::tuple<at::Tensor, at::Tensor, at::Tensor> mesh_raster_reference(const at::Tensor& vertices_N3, const at::Tensor& faces_F3,
                                                                     const at::Tensor& viewmats_V44, const at::Tensor& Ks_V33, int64_t width,
                                                                     int64_t height, double near, std::string projection) {
  check_mesh("mesh_raster_reference", vertices_N3, faces_F3);
  check_image_size("mesh_raster_reference", width, height);
  const std::vector<Camera> cameras = read_cameras("mesh_raster_reference", viewmats_V44, Ks_V33, projection);
  const int64_t views = cameras.size();
  at::Tensor face_VHW = at::empty({views, height, width}, faces_F3.options());
  at::Tensor barycentrics_VHW3 = at::empty({views, height, width, 3}, vertices_N3.options().dtype(at::kDouble));
  at::Tensor depth_VHW = at::empty({views, height, width}, vertices_N3.options().dtype(at::kDouble));
  for (int64_t v = 0; v < views; ++v)
    for (int64_t pixel = 0; pixel < width * height; ++pixel) {
      const int64_t at = v * width * height + pixel;
      double origin[3], direction[3];
      cameras[v].ray(pixel % width + 0.5, pixel / width + 0.5, origin, direction);
      const RayHit<double> hit =
          nearest_face<double>(origin, direction, near, vertices_N3.const_data_ptr<float>(), faces_F3.const_data_ptr<int32_t>(), faces_F3.size(0));
      face_VHW.data_ptr<int32_t>()[at] = hit.face;
      depth_VHW.data_ptr<double>()[at] = hit.depth;
      for (int i = 0; i < 3; ++i) barycentrics_VHW3.data_ptr<double>()[3 * at + i] = hit.barycentrics[i];
    }
  return {face_VHW, barycentrics_VHW3, depth_VHW};
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(earthcraft, m) {
  m.def(
      "mesh_raster(Tensor vertices, Tensor faces, Tensor viewmats, Tensor Ks, int width, int height, float near=0.01, str projection=\"pinhole\") -> "
      "(Tensor face, Tensor barycentrics, Tensor depth)");
  m.def(
      "mesh_raster_reference(Tensor vertices, Tensor faces, Tensor viewmats, Tensor Ks, int width, int height, float near=0.01, str "
      "projection=\"pinhole\") -> (Tensor face, Tensor barycentrics, Tensor depth)");
}
TORCH_LIBRARY_IMPL(earthcraft, CPU, m) {
  m.impl("mesh_raster", &mesh_raster);
  m.impl("mesh_raster_reference", &mesh_raster_reference);
}

}  // namespace earthcraft
