// Which splats each tile of each view composites, and in what order.
#pragma once

#include "splat_render.h"

namespace earthcraft {

// R rows: every view's splats one after the other (SplatScene::row); T tiles of V views.
struct SplatBins {
  at::Tensor on_screen_R16;  // SplatOnScreen as 16 floats
  at::Tensor entries_I;      // i32, splats of tile after tile, front to back: depth of the centre, equal depths by index
  at::Tensor starts_T1;      // i64 [V T + 1], where a tile's entries begin
  at::Tensor slots_R;        // i64, where a splat's tiles begin among its view's, were they listed splat by splat
};

// Projects and bins. Equal at every number of threads.
SplatBins bin_splats(const SplatScene& scene);

}  // namespace earthcraft
