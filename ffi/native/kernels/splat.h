// 2D Gaussian splatting (Huang et al., "2D Gaussian Splatting for Geometrically Accurate Radiance Fields", 2024) on the processor.
//
// A splat is a disc: centre p, unit tangents scaled to t1 = s1 R[:,0] and t2 = s2 R[:,1], normal R[:,2].  With p and the tangents in camera axes, the
// point p + u t1 + v t2 falls, from the projected centre, on the pixel offset
//
//     (a u + b v, c u + d v) / (z + w0 u + w1 v),   a = fx (t1x - t1z x / z), b = fx (t2x - t2z x / z), c, d alike with fy and y, w0 = t1z, w1 = t2z.
//
// Inverted, a pixel at (dx, dy) from the centre sees u = X / Z, v = Y / Z at depth (a d - b c) / Z, where
//
//     X = d dx - b dy,   Y = a dy - c dx,   Z = ((c w1 - d w0) dx + (b w0 - a w1) dy + a d - b c) / z.
//
// This is the paper's ray-splat intersection with the two planes' cross product written out, about the centre, so that floats keep their digits.
// Its weight is exp(-min(u^2 + v^2, 2 (dx^2 + dy^2)) / 2): the second term keeps a splat seen edge on at least a pixel wide.
//
// A pixel's depth distortion is the paper's Eq. 13 with the square that its appendix and its code take, over all pairs of splats drawn there,
//
//     D = sum_{j<i} w_i w_j (z_i - z_j)^2 = W M2 - M1^2 = W S,   M1 = sum w z, M2 = sum w z^2, S = sum w (z - M1 / W)^2, W = alpha,
//
// in square metres of z-depth: near and far are not depths that a scene spans, so nothing is mapped to [0, 1] by them.
#pragma once

#include <cstdint>

#include "dispatch.h"

namespace earthcraft {

constexpr int kSplatTile = 16;  // pixels
constexpr int kSplatChannels = 64;
constexpr float kSplatAlphaMin = 1.0f / 255;
constexpr float kSplatAlphaMax = 0.999f;
constexpr float kSplatTransmittanceMin = 1e-4f;

// Gradients of one splat in one view: of centre x y, a b c d, w0 w1, depth, opacity, normal x y z; then of its channels.
constexpr int kSplatGrads = 13;

// A splat as one camera sees it: one cache line.
struct SplatOnScreen {
  float centre_x, centre_y;  // pixels
  float a, b, c, d, w0, w1;
  float depth;
  float opacity;
  float normal[3];  // world axes, towards the camera
  float unused;
  int16_t x0, x1, y0, y1;  // pixels where its alpha may reach 1/255; x0 > x1: none
};
static_assert(sizeof(SplatOnScreen) == 64, "SplatOnScreen is stored as 16 floats");

struct SplatCamera {
  float rotation[9], translation[3];
  float fx, fy, cx, cy;
};

struct SplatShapes {
  const float* means;   // [M, 3]
  const float* quats;   // [M, 4], w x y z, any length
  const float* scales;  // [M, scale_width], the first two are used
  int64_t scale_width;
  const float* opacities;  // [M]
};

struct SplatProjection {
  SplatShapes shapes;
  SplatCamera camera;
  float near, far;
  int width, height;
  int64_t first;  // splat of on_screen[0]
  SplatOnScreen* out;
};

struct SplatShapeGrads {
  float *means, *quats, *scales, *opacities;  // rows of splats; added to
};

// One tile of one view.
struct SplatTile {
  const SplatOnScreen* splats;
  const float* channels;  // [splats, channel_count]
  int channel_count;
  const int32_t* entries;  // splats by depth
  int64_t entry_count;
  int x0, y0, width, height;  // of the tile; of the image
  float near;
  const float* background;  // [channel_count] or null
};

// Planes of one view, [H, W] each; color and normal are stacks of planes.
struct SplatImages {
  float *color, *alpha, *depth, *median, *normal;
  float* transmittance;  // left over behind the last splat
  int32_t* last;         // entries up to here were drawn
  float* distortion;     // or null: not wanted
};

struct SplatImageGrads {
  const float* color;       // never null
  const float* alpha;       // or null
  const float* depth;       // or null
  const float* normal;      // or null
  const float* distortion;  // or null
  SplatImages images;
  const int64_t* slots;  // of each splat: where its first tile's gradients stand
  float* out;            // [slots, kSplatGrads + channel_count]
};

EC_DECLARE_VARIANTS(void splat_project(const SplatProjection& job, int64_t begin, int64_t end);
                    void splat_project_backward(const SplatProjection& job, int64_t splat, const float* grads, const SplatShapeGrads& out);
                    void splat_forward_tile(const SplatTile& tile, const SplatImages& images);
                    void splat_backward_tile(const SplatTile& tile, const SplatImageGrads& grads);)

}  // namespace earthcraft
