// Triangles on the screen: the arithmetic of mesh_raster, which the CPU and CUDA share to the bit.  In double; compile without fused multiply-add.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "camera.h"
#include "host_device.h"

namespace earthcraft {

// A vertex on the screen: x and y in pixels, snapped; q grows towards the viewer and is linear over the screen (1 / z, or -z for parallel rays).
struct ScreenVertex {
  double x, y;
  double q;
  bool visible;  // in front of the near plane, finite
};

// To the nearest 1 / 4096: beyond 2^52 the sum has no fraction left. A library call here would cost more than all else of a vertex.
EC_HOST_DEVICE inline double snap(double value) {
  constexpr double kSubpixels = 4096, kRounding = 6755399441055744.0;  // 1.5 * 2^52
  const double scaled = value * kSubpixels;
  return std::abs(scaled) < 2251799813685248.0 ? ((scaled + kRounding) - kRounding) / kSubpixels : value;
}

EC_HOST_DEVICE inline ScreenVertex project(const Camera& camera, const double at[3], double near) {
  const double scale = camera.parallel ? 1 : 1 / at[2];
  ScreenVertex out;
  out.x = snap(camera.fx * at[0] * scale + camera.cx);
  out.y = snap(camera.fy * at[1] * scale + camera.cy);
  out.q = camera.parallel ? -at[2] : scale;
  out.visible = at[2] >= near && std::isfinite(out.x) && std::isfinite(out.y);
  return out;
}

// A triangle mesh and the camera that looks at it.
struct MeshView {
  Camera camera;
  double near;
  int width, height;
  const float* vertices;  // [N, 3]
  const int32_t* faces;   // [F, 3]

  EC_HOST_DEVICE void camera_point(int64_t vertex, double out[3]) const {
    const double world[3] = {vertices[3 * vertex], vertices[3 * vertex + 1], vertices[3 * vertex + 2]};
    camera.to_camera(world, out);
  }

  // The part of a face in front of the near plane, at most 4 corners (Sutherland-Hodgman).  A point on an edge is computed from the edge's lower
  // vertex index, so that both faces get the same bits.
  EC_HOST_DEVICE int cut(int64_t face, ScreenVertex (&polygon)[4]) const {
    const int32_t* vertex = faces + 3 * face;
    double corner[3][3];
    for (int i = 0; i < 3; ++i) {
      camera_point(vertex[i], corner[i]);
      if (!std::isfinite(corner[i][0]) || !std::isfinite(corner[i][1]) || !std::isfinite(corner[i][2])) return 0;
    }
    int count = 0;
    for (int i = 0; i < 3; ++i) {
      const int j = (i + 1) % 3;
      const bool inside_i = corner[i][2] >= near, inside_j = corner[j][2] >= near;
      if (inside_i) polygon[count++] = project(camera, corner[i], near);
      if (inside_i == inside_j) continue;
      const bool forward = vertex[i] < vertex[j];
      const double *p = corner[forward ? i : j], *q = corner[forward ? j : i];
      const double t = (near - p[2]) / (q[2] - p[2]);
      const double crossing[3] = {p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1]), near};
      polygon[count++] = project(camera, crossing, near);
    }
    return count;
  }

  // Where the ray through a pixel's centre meets the plane of its face.  A centre that lies a hair outside the unsnapped face moves to its border.
  EC_HOST_DEVICE void locate(int x, int y, int32_t face, float barycentrics[3], float* depth) const {
    if (face < 0) {
      barycentrics[0] = barycentrics[1] = barycentrics[2] = *depth = 0;
      return;
    }
    double origin[3], direction[3], weight[3], z[3];
    camera.ray(x + 0.5, y + 0.5, origin, direction);
    double corner[3][3];
    for (int i = 0; i < 3; ++i) {
      const float* vertex = vertices + 3 * static_cast<int64_t>(faces[3 * static_cast<int64_t>(face) + i]);
      for (int axis = 0; axis < 3; ++axis) corner[i][axis] = vertex[axis] - origin[axis];
      z[i] = camera.z_of(vertex);
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
    *depth = static_cast<float>(std::max(at, near));
  }
};

// The first pixel whose centre is at or after `low`, and the last at or before `high`, inside [0, size).
EC_HOST_DEVICE inline int first_pixel(double low) {
  const double at = low - 0.5;
  if (!(at > 0)) return 0;
  if (at > 40000) return 40000;
  const int whole = static_cast<int>(at);
  return whole + (whole < at);
}
EC_HOST_DEVICE inline int last_pixel(double high, int size) {
  const double at = high - 0.5;
  if (!(at >= 0)) return -1;
  return at >= size - 1 ? size - 1 : static_cast<int>(at);
}

// The pixels whose centres a triangle may cover; x0 > x1 or y0 > y1: none.
struct PixelBox {
  int x0, x1, y0, y1;

  EC_HOST_DEVICE PixelBox(const ScreenVertex& a, const ScreenVertex& b, const ScreenVertex& c, int width, int height)
      : x0(first_pixel(std::min(std::min(a.x, b.x), c.x))),
        x1(last_pixel(std::max(std::max(a.x, b.x), c.x), width)),
        y0(first_pixel(std::min(std::min(a.y, b.y), c.y))),
        y1(last_pixel(std::max(std::max(a.y, b.y), c.y), height)) {}
  EC_HOST_DEVICE bool empty() const { return x0 > x1 || y0 > y1; }
};

// Twice the signed area of (p, q, pixel), as value(x) = row - slope * (x - from) along a row; positive on the inner side.
struct ScreenEdge {
  double px, py, dx, dy, sign;
  bool owns_border;  // top or left: pixel centres on the edge are inside

  EC_HOST_DEVICE ScreenEdge(const ScreenVertex& p, const ScreenVertex& q) {
    const bool forward = p.y < q.y || (p.y == q.y && p.x < q.x);
    const ScreenVertex &low = forward ? p : q, &high = forward ? q : p;
    px = low.x;
    py = low.y;
    dx = high.x - low.x;
    dy = high.y - low.y;
    sign = forward ? 1 : -1;
    owns_border = q.y < p.y || (q.y == p.y && q.x > p.x);
  }
  EC_HOST_DEVICE double row(double y) const { return dx * (y - py); }
  EC_HOST_DEVICE double at(double row, double x) const { return sign * (row - dy * (x - px)); }
  EC_HOST_DEVICE bool inside(double value) const { return value > 0 || (value == 0 && owns_border); }
};

EC_HOST_DEVICE inline double twice_area(const ScreenVertex& a, const ScreenVertex& b, const ScreenVertex& c) {
  return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

// A triangle of positive area, ready to be drawn.
struct ScreenTriangle {
  ScreenEdge e0, e1, e2;
  double q0, q1, q2;

  EC_HOST_DEVICE ScreenTriangle(const ScreenVertex& a, const ScreenVertex& b, const ScreenVertex& c, double area)
      : e0(b, c), e1(c, a), e2(a, b), q0(a.q / area), q1(b.q / area), q2(c.q / area) {}

  // Calls covered(x, q) for the pixels x, x + step... x1 of row y whose centres it covers.
  template <typename Covered>
  EC_HOST_DEVICE void draw_row(int y, int x, int x1, int step, const Covered& covered) const {
    const double r0 = e0.row(y + 0.5), r1 = e1.row(y + 0.5), r2 = e2.row(y + 0.5);
    for (; x <= x1; x += step) {
      const double w0 = e0.at(r0, x + 0.5), w1 = e1.at(r1, x + 0.5), w2 = e2.at(r2, x + 0.5);
      if (e0.inside(w0) && e1.inside(w1) && e2.inside(w2)) covered(x, static_cast<float>(w0 * q0 + w1 * q1 + w2 * q2));
    }
  }
};

// Calls draw(triangle) unless the triangle has no area; either way round.
template <typename Draw>
EC_HOST_DEVICE void with_triangle(const ScreenVertex& a, const ScreenVertex& b, const ScreenVertex& c, const Draw& draw) {
  const double area = twice_area(a, b, c);
  if (area > 0)
    draw(ScreenTriangle(a, b, c, area));
  else if (area < 0)
    draw(ScreenTriangle(a, c, b, -area));
}

}  // namespace earthcraft
