// Gradients of the splats of one tile, back to front: transmittance is divided out again, and what lies behind a splat is summed as it goes.

#include "splat_pixels.h"

namespace earthcraft::EC_VARIANT {
namespace {

// Lane r of the result is the sum of rows[r]; destroys rows.
EC_INLINE Vec row_sums(Vec* rows) {
#if defined(__clang__)
  Vec out{};
  for (int r = 0; r < kLanes; ++r) out[r] = sum(rows[r]);
  return out;
#else
#pragma GCC unroll 4
  for (int step = kLanes / 2; step > 0; step /= 2) {
    IntVec even{}, odd{};
#pragma GCC unroll 16
    for (int lane = 0; lane < kLanes; ++lane) {
      even[lane] = lane & step ? kLanes + lane - step : lane;
      odd[lane] = lane & step ? kLanes + lane : lane + step;
    }
#pragma GCC unroll 8
    for (int r = 0; r < step; ++r) {
      const Vec a = rows[r], b = rows[r + step];
      rows[r] = __builtin_shuffle(a, b, even) + __builtin_shuffle(a, b, odd);
    }
  }
  return rows[0];
#endif
}

struct DiscSums {
  Vec xx{}, xy{}, x{}, yx{}, yy{}, y{}, zx{}, zy{}, z{};  // of the gradients of X, Y, Z times dx, dy and 1
  Vec centre_x{}, centre_y{};                             // through the low-pass filter
  Vec opacity{};
};

struct GeometrySums {
  Vec area{}, depth{}, normal[3] = {};
};

// Channels = 0: as many as the tile says.  Geometry: gradients of depth, normal or distortion are wanted; Distortion: that of distortion is.
template <int Channels, bool Geometry, bool Distortion>
void backward_tile(const SplatTile& tile, const SplatImageGrads& grads) {
  constexpr int kMost = Channels > 0 ? Channels : kSplatChannels;
  const int channels = Channels > 0 ? Channels : tile.channel_count;
  alignas(64) float transmittance[kTilePixels], behind[kTilePixels], depth_grad[kTilePixels], normal_grad[3][kTilePixels];
  alignas(64) float color_grad[kMost][kTilePixels];
  alignas(64) float mean[Distortion ? kTilePixels : 1], by_square[Distortion ? kTilePixels : 1], always[Distortion ? kTilePixels : 1];
  alignas(64) int32_t last[kTilePixels];
  const int rows = tile.height - tile.y0 < kSplatTile ? tile.height - tile.y0 : kSplatTile;
  const int cols = tile.width - tile.x0 < kSplatTile ? tile.width - tile.x0 : kSplatTile;
  const int64_t plane = static_cast<int64_t>(tile.width) * tile.height;
  int32_t row_last[kSplatTile] = {};
  int64_t deepest = 0;
  for (int i = 0; i < kTilePixels; ++i) {
    const int row = i / kSplatTile, col = i % kSplatTile;
    if (row >= rows || col >= cols) {
      transmittance[i] = 1;
      behind[i] = depth_grad[i] = normal_grad[0][i] = normal_grad[1][i] = normal_grad[2][i] = 0;
      for (int c = 0; c < channels; ++c) color_grad[c][i] = 0;
      if constexpr (Distortion) mean[i] = by_square[i] = always[i] = 0;
      last[i] = 0;
      continue;
    }
    const int64_t from = static_cast<int64_t>(tile.y0 + row) * tile.width + tile.x0 + col;
    const float left = grads.images.transmittance[from], opaque = 1 - left;
    transmittance[i] = left;
    last[i] = grads.images.last[from];
    row_last[row] = last[i] > row_last[row] ? last[i] : row_last[row];
    deepest = last[i] > deepest ? last[i] : deepest;
    float of_alpha = grads.alpha ? grads.alpha[from] : 0;
    depth_grad[i] = 0;
    if (Geometry && grads.depth && opaque > 0) {
      depth_grad[i] = grads.depth[from] / opaque;
      of_alpha -= depth_grad[i] * grads.images.depth[from];
    }
    if constexpr (Distortion) {
      const auto slope = distortion_slope(grads.distortion[from], opaque, grads.images.depth[from], grads.images.distortion[from]);
      mean[i] = slope.mean, by_square[i] = slope.by_square, always[i] = slope.always;
    }
    for (int k = 0; k < 3; ++k) normal_grad[k][i] = Geometry && grads.normal ? grads.normal[k * plane + from] : 0;
    float through = -of_alpha;
    for (int c = 0; c < channels; ++c) {
      color_grad[c][i] = grads.color[c * plane + from];
      if (tile.background) through += tile.background[c] * color_grad[c][i];
    }
    behind[i] = left * through;
  }

  const int stride = kSplatGrads + channels;
  for (int64_t e = deepest - 1; e >= 0; --e) {
    fetch_ahead(tile, e - kAhead);
    const int64_t id = tile.entries[e];
    const SplatOnScreen& s = tile.splats[id];
    const float* value = tile.channels + id * channels;
    const Disc disc(s);
    DiscSums sums;
    GeometrySums geometry;
    Vec color_sums[kMost];
    for (int c = 0; c < channels; ++c) color_sums[c] = Vec{};
    bool touched = false;
    const int first = s.y0 > tile.y0 ? s.y0 - tile.y0 : 0;
    const int end = s.y1 - tile.y0 < rows - 1 ? s.y1 - tile.y0 + 1 : rows;
    for (int row = first; row < end; ++row) {
      if (e >= row_last[row]) continue;
      const float dy = static_cast<float>(tile.y0 + row) + 0.5f - s.centre_y;
      for (int col = 0; col < kColumns; ++col) {
        const int at = row * kSplatTile + col * kLanes;
        const float x0 = static_cast<float>(tile.x0 + col * kLanes);
        if (kColumns > 1 && (s.x0 >= x0 + kLanes || s.x1 < x0)) continue;
        const Pixels px(disc, lanes_float() + splat(x0 + 0.5f), dy, tile.near);
        const IntVec drawn = px.drawn & (load_int(last + at) > splat_int(static_cast<int32_t>(e)));
        if (!any(drawn)) continue;
        touched = true;
        const IntVec clamped = px.alpha > splat(kSplatAlphaMax);
        const Vec alpha = select(drawn, select(clamped, splat(kSplatAlphaMax), px.alpha), splat(0.0f));
        const Vec passed = reciprocal(splat(1.0f) - alpha);
        const Vec before = load(transmittance + at) * passed;
        const Vec weight = alpha * before;
        Vec worth{};  // what a unit of weight adds to the loss
        for (int c = 0; c < channels; ++c) {
          const Vec g = load(color_grad[c] + at);
          worth += g * splat(value[c]);
          color_sums[c] += weight * g;
        }
        const Vec z = select(drawn, px.depth, splat(0.0f));
        Vec of_depth{};
        if (Geometry) {
          const Vec g = load(depth_grad + at);
          worth += g * z;
          of_depth = weight * g;
          if constexpr (Distortion) {
            const DistortionSlope<Vec> slope{load(mean + at), load(by_square + at), load(always + at)};
            worth += slope.of_weight(z);
            of_depth += slope.of_depth(weight, z);
          }
          for (int k = 0; k < 3; ++k) {
            const Vec n = load(normal_grad[k] + at);
            worth += n * splat(s.normal[k]);
            geometry.normal[k] += weight * n;
          }
        }
        const Vec hidden = load(behind + at);
        const Vec of_alpha = select(drawn & ~clamped, before * worth - hidden * passed, splat(0.0f));
        store(behind + at, hidden + weight * worth);
        store(transmittance + at, before);
        sums.opacity += of_alpha * px.gauss;
        const Vec of_squared = splat(-0.5f) * of_alpha * alpha;
        const Vec on_disc = select(px.on_disc, of_squared, splat(0.0f));
        const Vec on_pixel = of_squared - on_disc;
        const Vec twice = splat(2.0f) * on_disc * px.inverse;
        const Vec inverse = px.inverse;
        const Vec gx = twice * px.x * inverse, gy = twice * px.y * inverse;
        Vec gz = -twice * px.squared;
        if (Geometry) {
          const Vec scaled = select(px.on_disc, of_depth, splat(0.0f)) * inverse;
          gz -= scaled * z;
          geometry.area += scaled;
          geometry.depth += select(px.on_disc, splat(0.0f), of_depth);
        }
        const Vec dyv = splat(dy);
        sums.xx += gx * px.dx, sums.xy += gx * dyv, sums.x += gx;
        sums.yx += gy * px.dx, sums.yy += gy * dyv, sums.y += gy;
        sums.zx += gz * px.dx, sums.zy += gz * dyv, sums.z += gz;
        sums.centre_x += splat(-4.0f) * on_pixel * px.dx, sums.centre_y += splat(-4.0f) * on_pixel * dyv;
      }
    }
    const int tiles_across = s.x1 / kSplatTile - s.x0 / kSplatTile + 1;
    float* out = grads.out + (grads.slots[id] + static_cast<int64_t>(tile.y0 / kSplatTile - s.y0 / kSplatTile) * tiles_across +
                              (tile.x0 / kSplatTile - s.x0 / kSplatTile)) *
                                 stride;
    if (!touched) {
      for (int i = 0; i < stride; ++i) out[i] = 0;
      continue;
    }
    constexpr int kRows = 12 + (Geometry ? 5 : 0) + (Channels > 0 ? Channels : 0);
    constexpr int kPadded = (kRows + kLanes - 1) / kLanes * kLanes;
    Vec table[kPadded] = {sums.xx, sums.xy, sums.x, sums.yx, sums.yy, sums.y, sums.zx, sums.zy, sums.z, sums.centre_x, sums.centre_y, sums.opacity};
    if (Geometry) {
      table[12] = geometry.area, table[13] = geometry.depth;
      for (int k = 0; k < 3; ++k) table[14 + k] = geometry.normal[k];
    }
    if (Channels > 0)
      for (int c = 0; c < Channels; ++c) table[kRows - Channels + c] = color_sums[c];
    alignas(64) float total[kPadded];
    for (int block = 0; block < kPadded; block += kLanes) store(total + block, row_sums(table + block));
    write_grads(s, disc, total, Geometry ? total[12] : 0, Geometry ? total[13] : 0, out);
    for (int k = 0; k < 3; ++k) out[10 + k] = Geometry ? total[14 + k] : 0;
    for (int c = 0; c < channels; ++c) out[kSplatGrads + c] = Channels > 0 ? total[kRows - Channels + c] : sum(color_sums[c]);
  }
  for (int64_t e = deepest < 0 ? 0 : deepest; e < tile.entry_count; ++e) {
    const SplatOnScreen& s = tile.splats[tile.entries[e]];
    const int tiles_across = s.x1 / kSplatTile - s.x0 / kSplatTile + 1;
    float* out = grads.out + (grads.slots[tile.entries[e]] + static_cast<int64_t>(tile.y0 / kSplatTile - s.y0 / kSplatTile) * tiles_across +
                              (tile.x0 / kSplatTile - s.x0 / kSplatTile)) *
                                 stride;
    for (int i = 0; i < stride; ++i) out[i] = 0;
  }
}

}  // namespace

void splat_backward_tile(const SplatTile& tile, const SplatImageGrads& grads) {
  const bool geometry = grads.depth != nullptr || grads.normal != nullptr;
  if (grads.distortion != nullptr)
    tile.channel_count == 3 ? backward_tile<3, true, true>(tile, grads) : backward_tile<0, true, true>(tile, grads);
  else if (tile.channel_count == 3 && !geometry)
    backward_tile<3, false, false>(tile, grads);
  else if (tile.channel_count == 3)
    backward_tile<3, true, false>(tile, grads);
  else
    backward_tile<0, true, false>(tile, grads);
}

}  // namespace earthcraft::EC_VARIANT
