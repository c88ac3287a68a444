// Which patch of a feature map a pixel reads, and which pixels read a patch: shared by the CPU and CUDA.  In double.
#pragma once

#include <cmath>
#include <cstdint>

#include "host_device.h"

namespace earthcraft {

// One axis of a picture that has a vector of features for every `edge` pixels; the edge may be a fraction.
struct PatchAxis {
  int64_t pixels, patches;
  double edge;

  // The last patch is read by all pixels beyond it.
  EC_HOST_DEVICE int64_t of(int64_t pixel) const {
    const double at = std::floor(pixel / edge);
    return at < patches ? static_cast<int64_t>(at) : patches - 1;
  }
  // The first pixel that reads this patch or a later one, `pixels` where there is none: patch i is read by the pixels [first(i), first(i + 1)).
  EC_HOST_DEVICE int64_t first(int64_t patch) const {
    if (patch >= patches) return pixels;
    const double guess = std::ceil(patch * edge);
    int64_t pixel = guess < pixels ? static_cast<int64_t>(guess) : pixels;
    while (pixel > 0 && of(pixel - 1) >= patch) --pixel;
    while (pixel < pixels && of(pixel) < patch) ++pixel;
    return pixel;
  }
};

// Views of one size.  Pixels and patches are numbered view by view, row by row.
struct PatchGrid {
  int64_t views;
  PatchAxis down, across;

  EC_HOST_DEVICE int64_t pixels() const { return views * down.pixels * across.pixels; }
  EC_HOST_DEVICE int64_t patches() const { return views * down.patches * across.patches; }
};

}  // namespace earthcraft
