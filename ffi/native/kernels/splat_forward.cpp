// Composites the splats of one tile, front to back.

#include "splat_pixels.h"

namespace earthcraft::EC_VARIANT {
namespace {

// Channels = 0: as many as the tile says.  Distortion: it is wanted.
template <int Channels, bool Distortion>
void forward_tile(const SplatTile& tile, const SplatImages& images) {
  const int channels = Channels > 0 ? Channels : tile.channel_count;
  alignas(64) float transmittance[kTilePixels], depth[kTilePixels], median[kTilePixels], normal[3][kTilePixels];
  alignas(64) float color[Channels > 0 ? Channels : kSplatChannels][kTilePixels];
  alignas(64) int32_t alive[kTilePixels], last[kTilePixels];
  alignas(64) float first_depth[Distortion ? kTilePixels : 1], offsets[Distortion ? kTilePixels : 1], squares[Distortion ? kTilePixels : 1];
  const int rows = tile.height - tile.y0 < kSplatTile ? tile.height - tile.y0 : kSplatTile;
  const int cols = tile.width - tile.x0 < kSplatTile ? tile.width - tile.x0 : kSplatTile;
  for (int i = 0; i < kTilePixels; ++i) {
    transmittance[i] = 1;
    depth[i] = median[i] = normal[0][i] = normal[1][i] = normal[2][i] = 0;
    if constexpr (Distortion) first_depth[i] = offsets[i] = squares[i] = 0;
    last[i] = 0;
    alive[i] = i / kSplatTile < rows && i % kSplatTile < cols ? -1 : 0;
  }
  for (int c = 0; c < channels; ++c)
    for (int i = 0; i < kTilePixels; ++i) color[c][i] = 0;
  bool row_alive[kSplatTile];
  int rows_alive = rows;
  for (int row = 0; row < kSplatTile; ++row) row_alive[row] = row < rows;

  for (int64_t e = 0; e < tile.entry_count && rows_alive > 0; ++e) {
    fetch_ahead(tile, e + kAhead);
    const SplatOnScreen& on_screen = tile.splats[tile.entries[e]];
    const float* value = tile.channels + static_cast<int64_t>(tile.entries[e]) * channels;
    const Disc disc(on_screen);
    const int first = on_screen.y0 > tile.y0 ? on_screen.y0 - tile.y0 : 0;
    const int end = on_screen.y1 - tile.y0 < rows - 1 ? on_screen.y1 - tile.y0 + 1 : rows;
    for (int row = first; row < end; ++row) {
      if (!row_alive[row]) continue;
      IntVec left_alive{};
      bool stopped = false;
      for (int col = 0; col < kColumns; ++col) {
        const int at = row * kSplatTile + col * kLanes;
        const IntVec was_alive = load_int(alive + at);
        left_alive |= was_alive;
        const float x0 = static_cast<float>(tile.x0 + col * kLanes);
        if (kColumns > 1 && (on_screen.x0 >= x0 + kLanes || on_screen.x1 < x0)) continue;
        const Pixels px(disc, lanes_float() + splat(x0 + 0.5f), static_cast<float>(tile.y0 + row) + 0.5f - disc.centre_y, tile.near);
        const IntVec drawn = px.drawn & was_alive;
        const Vec alpha = select(px.alpha > splat(kSplatAlphaMax), splat(kSplatAlphaMax), px.alpha);
        const Vec before = load(transmittance + at);
        const Vec after = before * (splat(1.0f) - alpha);
        const IntVec stop = drawn & (after <= splat(kSplatTransmittanceMin));
        if (any(stop)) {
          left_alive &= ~stop;
          store_int(alive + at, was_alive & ~stop);
          stopped = true;
        }
        const IntVec kept = drawn & ~stop;
        const Vec weight = select(kept, alpha * before, splat(0.0f));
        const Vec z = select(kept, px.depth, splat(0.0f));
        store(transmittance + at, select(kept, after, before));
        store(depth + at, load(depth + at) + weight * z);
        if constexpr (Distortion) {
          DepthSpread<Vec> spread{load(first_depth + at), load(offsets + at), load(squares + at)};
          spread.add(weight, z, before);
          store(first_depth + at, spread.first);
          store(offsets + at, spread.offsets);
          store(squares + at, spread.squares);
        }
        store(median + at, select(kept & (before > splat(0.5f)), z, load(median + at)));
        for (int k = 0; k < 3; ++k) store(normal[k] + at, load(normal[k] + at) + weight * splat(on_screen.normal[k]));
        for (int c = 0; c < channels; ++c) store(color[c] + at, load(color[c] + at) + weight * splat(value[c]));
        store_int(last + at, kept ? splat_int(static_cast<int32_t>(e + 1)) : load_int(last + at));
      }
      if (stopped) {
        left_alive = IntVec{};
        for (int col = 0; col < kColumns; ++col) left_alive |= load_int(alive + row * kSplatTile + col * kLanes);
        if (!any(left_alive)) {
          row_alive[row] = false;
          --rows_alive;
        }
      }
    }
  }

  const int64_t plane = static_cast<int64_t>(tile.width) * tile.height;
  for (int row = 0; row < rows; ++row)
    for (int col = 0; col < cols; ++col) {
      const int i = row * kSplatTile + col;
      const int64_t to = static_cast<int64_t>(tile.y0 + row) * tile.width + tile.x0 + col;
      const float left = transmittance[i], opaque = 1 - left;
      images.transmittance[to] = left;
      images.alpha[to] = opaque;
      images.depth[to] = opaque > 0 ? depth[i] / opaque : 0;
      images.median[to] = median[i];
      if constexpr (Distortion) images.distortion[to] = distortion_of({first_depth[i], offsets[i], squares[i]}, opaque);
      images.last[to] = last[i];
      for (int k = 0; k < 3; ++k) images.normal[k * plane + to] = normal[k][i];
      for (int c = 0; c < channels; ++c) images.color[c * plane + to] = color[c][i] + (tile.background ? left * tile.background[c] : 0);
    }
}

}  // namespace

void splat_forward_tile(const SplatTile& tile, const SplatImages& images) {
  if (images.distortion != nullptr)
    tile.channel_count == 3 ? forward_tile<3, true>(tile, images) : forward_tile<0, true>(tile, images);
  else
    tile.channel_count == 3 ? forward_tile<3, false>(tile, images) : forward_tile<0, false>(tile, images);
}

}  // namespace earthcraft::EC_VARIANT
