// Patches and their pixels: whole edges, fractions of them, and patches that no pixel reads.
#include "kernels/patch_pixels.h"

#include <algorithm>

#include "kernel_test.h"

namespace earthcraft::test {
namespace {

TEST(PatchAxis, PixelsOfAPatchAreThoseThatReadIt) {
  // 15 patches of 14 / 3 pixels end at 70 and, as doubles divide, a pixel later; 41 of 14 / 41 end at 14 and are multiplied to a little more.
  for (const double edge : {1.0, 8.0, 8 / 3.0, 8 / 7.0, 8 / 11.0, 14 / 3.0, 14 / 41.0, 0.5, 0.1, 3.7, 1e-300, 5e-324, 1e300})
    for (const int64_t pixels : {0, 1, 7, 640, 1000})
      for (const int64_t patches : {1, 2, 80, 1001}) {
        const PatchAxis axis{pixels, patches, edge};
        EXPECT_EQ(axis.first(0), 0);
        EXPECT_EQ(axis.first(patches), pixels);
        for (int64_t patch = 0; patch < patches; ++patch)
          for (int64_t pixel = axis.first(patch); pixel < axis.first(patch + 1); ++pixel) EXPECT_EQ(axis.of(pixel), patch) << edge << " " << pixel;
        for (int64_t patch = 0; patch < patches; ++patch) EXPECT_LE(axis.first(patch), axis.first(patch + 1));
      }
}

TEST(PatchAxis, WholeEdgesDivideAndTheLastPatchTakesTheRest) {
  const PatchAxis axis{30, 3, 8};
  for (int64_t pixel = 0; pixel < 30; ++pixel) EXPECT_EQ(axis.of(pixel), std::min<int64_t>(2, pixel / 8));
  EXPECT_EQ(axis.first(2), 16);
  const PatchAxis halves{4, 8, 0.5};
  for (int64_t pixel = 0; pixel < 4; ++pixel) EXPECT_EQ(halves.of(pixel), 2 * pixel);
}

}  // namespace
}  // namespace earthcraft::test
