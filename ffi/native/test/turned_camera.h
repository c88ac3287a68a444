// A camera that is turned about all axes, for tests of rays and pictures: an axis taken for another shows.
#pragma once

#include <cmath>

#include "kernels/camera.h"

namespace earthcraft::test {

inline Camera turned_camera(bool parallel) {
  Camera camera = {{}, {0.5, -1.25, 9}, 60, 55, 31.5, 25, parallel};
  if (parallel) camera.fx = 6, camera.fy = 5.5;
  // Of the unit quaternion (w, x, y, z).
  const double length = std::sqrt(1 + 0.09 + 0.04 + 0.16), w = 1 / length, x = 0.3 / length, y = -0.2 / length, z = 0.4 / length;
  const double rows[9] = {1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y), 2 * (x * y + w * z),    1 - 2 * (x * x + z * z),
                          2 * (y * z - w * x),     2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)};
  for (int i = 0; i < 9; ++i) camera.rotation[i] = rows[i];
  return camera;
}

}  // namespace earthcraft::test
