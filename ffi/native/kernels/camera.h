// Cameras as the rasterisers take them: OpenCV world-to-camera (x right, y down, z forward) and intrinsics in pixels.
//
// A pixel (i, j) has its centre at (i + 0.5, j + 0.5), row 0 on top.  A pinhole camera maps (x, y, z) to (fx x / z + cx, fy y / z + cy), a parallel
// one
// ("orthographic") to (fx x + cx, fy y + cy): there fx and fy are pixels a metre.
#pragma once

#include "host_device.h"

namespace earthcraft {

struct Camera {
  double rotation[9];  // row major, world to camera
  double translation[3];
  double fx, fy, cx, cy;
  bool parallel;

  EC_HOST_DEVICE void to_camera(const double world[3], double out[3]) const {
    for (int row = 0; row < 3; ++row)
      out[row] = rotation[3 * row] * world[0] + rotation[3 * row + 1] * world[1] + rotation[3 * row + 2] * world[2] + translation[row];
  }

  EC_HOST_DEVICE double z_of(const float world[3]) const {
    return rotation[6] * world[0] + rotation[7] * world[1] + rotation[8] * world[2] + translation[2];
  }

  // The ray of a point of the image, in world axes, scaled so that its parameter is z-depth.
  EC_HOST_DEVICE void ray(double px, double py, double origin[3], double direction[3]) const {
    const double x = (px - cx) / fx, y = (py - cy) / fy;
    const double at[3] = {(parallel ? x : 0) - translation[0], (parallel ? y : 0) - translation[1], -translation[2]};
    const double along[3] = {parallel ? 0 : x, parallel ? 0 : y, 1};
    for (int axis = 0; axis < 3; ++axis) {
      origin[axis] = rotation[axis] * at[0] + rotation[3 + axis] * at[1] + rotation[6 + axis] * at[2];
      direction[axis] = rotation[axis] * along[0] + rotation[3 + axis] * along[1] + rotation[6 + axis] * along[2];
    }
  }

  // Where the camera stands (pinhole).
  EC_HOST_DEVICE void centre(double out[3]) const {
    for (int axis = 0; axis < 3; ++axis)
      out[axis] = -(rotation[axis] * translation[0] + rotation[3 + axis] * translation[1] + rotation[6 + axis] * translation[2]);
  }
};

}  // namespace earthcraft
