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
#include "mesh_raster_reference.h"

namespace earthcraft {
namespace {

constexpr double kSubpixels = 4096;
constexpr int64_t kFacesAChunk = 8192;
constexpr int kBandRows = 16;

// A vertex on the screen: x and y in pixels, snapped; q grows towards the viewer and is linear over the screen (1 / z, or -z for parallel rays).
struct ScreenVertex {
  double x, y;
  double q;
  bool visible;  // in front of the near plane, finite
};

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

// To the nearest 1 / 4096: beyond 2^52 the sum has no fraction left. A library call here would cost more than all else of a vertex.
double snap(double value) {
  constexpr double kRounding = 6755399441055744.0;  // 1.5 * 2^52
  const double scaled = value * kSubpixels;
  return std::abs(scaled) < 2251799813685248.0 ? ((scaled + kRounding) - kRounding) / kSubpixels : value;
}

// The first pixel whose centre is at or after `low`, and the last at or before `high`, inside [0, size).
int first_pixel(double low) {
  const double at = low - 0.5;
  if (!(at > 0)) return 0;
  if (at > 40000) return 40000;
  const int whole = static_cast<int>(at);
  return whole + (whole < at);
}
int last_pixel(double high, int size) {
  const double at = high - 0.5;
  if (!(at >= 0)) return -1;
  return at >= size - 1 ? size - 1 : static_cast<int>(at);
}

ScreenVertex project(const Camera& camera, const double at[3], double near) {
  const double scale = camera.parallel ? 1 : 1 / at[2];
  ScreenVertex out;
  out.x = snap(camera.fx * at[0] * scale + camera.cx);
  out.y = snap(camera.fy * at[1] * scale + camera.cy);
  out.q = camera.parallel ? -at[2] : scale;
  out.visible = at[2] >= near && std::isfinite(out.x) && std::isfinite(out.y);
  return out;
}

class View {
 public:
  View(const Camera& camera, double near, int width, int height, const float* vertices, int64_t vertex_count, const int32_t* faces,
       int64_t face_count)
      : camera_(camera),
        near_(near),
        width_(width),
        height_(height),
        vertices_(vertices),
        vertex_count_(vertex_count),
        faces_(faces),
        face_count_(face_count) {}

  void draw(int32_t* face, float* barycentrics, float* depth) {
    screen_.resize(vertex_count_);
    at::parallel_for(0, vertex_count_, 1 << 13, [&](int64_t begin, int64_t end) {
      for (int64_t v = begin; v < end; ++v) {
        double at[3];
        camera_point(v, at);
        screen_[v] = project(camera_, at, near_);
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

  void camera_point(int64_t vertex, double out[3]) const {
    const double world[3] = {vertices_[3 * vertex], vertices_[3 * vertex + 1], vertices_[3 * vertex + 2]};
    camera_.to_camera(world, out);
  }

  void add(Chunk& chunk, int32_t face, int32_t cut, const ScreenVertex& a, const ScreenVertex& b, const ScreenVertex& c) const {
    const int x0 = first_pixel(std::min({a.x, b.x, c.x})), x1 = last_pixel(std::max({a.x, b.x, c.x}), width_);
    if (x0 > x1) return;
    const int y0 = first_pixel(std::min({a.y, b.y, c.y})), y1 = last_pixel(std::max({a.y, b.y, c.y}), height_);
    if (y0 > y1) return;
    chunk.candidates.push_back({face, cut, static_cast<int16_t>(x0), static_cast<int16_t>(x1), static_cast<int16_t>(y0), static_cast<int16_t>(y1)});
  }

  void collect(int64_t c) {
    Chunk& chunk = chunks_[c];
    const int64_t end = std::min(face_count_, (c + 1) * kFacesAChunk);
    for (int64_t f = c * kFacesAChunk; f < end; ++f) {
      const int32_t* corner = faces_ + 3 * f;
      const ScreenVertex &a = screen_[corner[0]], &b = screen_[corner[1]], &d = screen_[corner[2]];
      if (a.visible && b.visible && d.visible)
        add(chunk, f, -1, a, b, d);
      else if (a.visible || b.visible || d.visible)
        cut(chunk, f);
    }
  }

  // Sutherland-Hodgman against z = near.  A point on an edge is computed from the edge's lower vertex index, so that both faces get the same bits.
  void cut(Chunk& chunk, int32_t f) {
    double corner[3][3];
    for (int i = 0; i < 3; ++i) {
      camera_point(faces_[3 * f + i], corner[i]);
      if (!std::isfinite(corner[i][0]) || !std::isfinite(corner[i][1]) || !std::isfinite(corner[i][2])) return;
    }
    ScreenVertex polygon[4];
    int count = 0;
    for (int i = 0; i < 3; ++i) {
      const int j = (i + 1) % 3;
      const bool inside_i = corner[i][2] >= near_, inside_j = corner[j][2] >= near_;
      if (inside_i) polygon[count++] = project(camera_, corner[i], near_);
      if (inside_i == inside_j) continue;
      const bool forward = faces_[3 * f + i] < faces_[3 * f + j];
      const double *p = corner[forward ? i : j], *q = corner[forward ? j : i];
      const double t = (near_ - p[2]) / (q[2] - p[2]);
      const double crossing[3] = {p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1]), near_};
      polygon[count++] = project(camera_, crossing, near_);
    }
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

  // Twice the signed area of (p, q, pixel), as value(x) = row - slope * (x - from) along a row; positive on the inner side.
  struct Edge {
    double px, py, dx, dy, sign;
    bool owns_border;  // top or left: pixel centres on the edge are inside

    Edge(const ScreenVertex& p, const ScreenVertex& q) {
      const bool forward = p.y < q.y || (p.y == q.y && p.x < q.x);
      const ScreenVertex &low = forward ? p : q, &high = forward ? q : p;
      px = low.x;
      py = low.y;
      dx = high.x - low.x;
      dy = high.y - low.y;
      sign = forward ? 1 : -1;
      owns_border = q.y < p.y || (q.y == p.y && q.x > p.x);
    }
    double row(double y) const { return dx * (y - py); }
    double at(double row, double x) const { return sign * (row - dy * (x - px)); }
    bool inside(double value) const { return value > 0 || (value == 0 && owns_border); }
  };

  void draw_candidate(const Chunk& chunk, const Candidate& it, int band_y0, int band_y1, float* nearest, int32_t* face) const {
    const ScreenVertex* corner[3];
    for (int i = 0; i < 3; ++i) corner[i] = it.cut < 0 ? &screen_[faces_[3 * it.face + i]] : &chunk.cut_vertices[it.cut + i];
    double area = (corner[1]->x - corner[0]->x) * (corner[2]->y - corner[0]->y) - (corner[1]->y - corner[0]->y) * (corner[2]->x - corner[0]->x);
    if (area == 0) return;
    if (area < 0) {
      std::swap(corner[1], corner[2]);
      area = -area;
    }
    const Edge e0(*corner[1], *corner[2]), e1(*corner[2], *corner[0]), e2(*corner[0], *corner[1]);
    const double q0 = corner[0]->q / area, q1 = corner[1]->q / area, q2 = corner[2]->q / area;
    for (int y = std::max<int>(it.y0, band_y0); y <= std::min<int>(it.y1, band_y1); ++y) {
      const double r0 = e0.row(y + 0.5), r1 = e1.row(y + 0.5), r2 = e2.row(y + 0.5);
      for (int x = it.x0; x <= it.x1; ++x) {
        const double w0 = e0.at(r0, x + 0.5), w1 = e1.at(r1, x + 0.5), w2 = e2.at(r2, x + 0.5);
        if (!(e0.inside(w0) && e1.inside(w1) && e2.inside(w2))) continue;
        const float q = static_cast<float>(w0 * q0 + w1 * q1 + w2 * q2);
        const int64_t pixel = static_cast<int64_t>(y - band_y0) * width_ + x;
        if (q > nearest[pixel]) {
          nearest[pixel] = q;
          face[pixel] = it.face;
        }
      }
    }
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
        locate(x, y, face[pixel], barycentrics + 3 * pixel, depth + pixel);
      }
  }

  // Where the ray through a pixel's centre meets the plane of its face.  A centre that lies a hair outside the unsnapped face moves to its border.
  void locate(int x, int y, int32_t face, float barycentrics[3], float* depth) const {
    if (face < 0) {
      barycentrics[0] = barycentrics[1] = barycentrics[2] = *depth = 0;
      return;
    }
    double origin[3], direction[3], weight[3], z[3];
    camera_.ray(x + 0.5, y + 0.5, origin, direction);
    double corner[3][3];
    for (int i = 0; i < 3; ++i) {
      const float* vertex = vertices_ + 3 * static_cast<int64_t>(faces_[3 * static_cast<int64_t>(face) + i]);
      for (int axis = 0; axis < 3; ++axis) corner[i][axis] = vertex[axis] - origin[axis];
      z[i] = camera_.z_of(vertex);
    }
    double sum = 0;
    for (int i = 0; i < 3; ++i) {
      const double *p = corner[(i + 1) % 3], *q = corner[(i + 2) % 3];
      weight[i] =
          direction[0] * (p[1] * q[2] - p[2] * q[1]) + direction[1] * (p[2] * q[0] - p[0] * q[2]) + direction[2] * (p[0] * q[1] - p[1] * q[0]);
      sum += weight[i];
    }
    double total = 0;
    for (int i = 0; i < 3; ++i) total += weight[i] = sum != 0 ? std::max(0.0, weight[i] / sum) : 1;
    double at = 0;
    for (int i = 0; i < 3; ++i) {
      barycentrics[i] = static_cast<float>(weight[i] / total);
      at += weight[i] / total * z[i];
    }
    *depth = static_cast<float>(std::max(at, near_));
  }

  struct Entry {
    int32_t chunk, candidate;
  };

  const Camera& camera_;
  const double near_;
  const int width_, height_;
  const float* vertices_;
  const int64_t vertex_count_;
  const int32_t* faces_;
  const int64_t face_count_;
  std::vector<ScreenVertex> screen_;
  std::vector<Chunk> chunks_;
  std::vector<int64_t> band_begin_;
  std::vector<Entry> entries_;
};

std::tuple<at::Tensor, at::Tensor, at::Tensor> mesh_raster(const at::Tensor& vertices_N3, const at::Tensor& faces_F3, const at::Tensor& viewmats_V44,
                                                           const at::Tensor& Ks_V33, int64_t width, int64_t height, double near,
                                                           std::string projection) {
  check_mesh("mesh_raster", vertices_N3, faces_F3);
  check_image_size("mesh_raster", width, height);
  const std::vector<Camera> cameras = read_cameras("mesh_raster", viewmats_V44, Ks_V33, projection);
  TORCH_CHECK(std::isfinite(near) && (near > 0 || projection == "parallel"), "mesh_raster: near must be positive, got ", near);
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
