// Real spherical harmonics up to degree 3, sixteen functions, as polynomials of a unit vector: the arithmetic that every device shares. Signs and
// order are those of splat_sh.h and of 3D Gaussian splatting files.
#pragma once

#include "host_device.h"

namespace earthcraft {

constexpr int kMostShDegrees = 4;

// Calls each(number, value, its slopes along x, y, z) for degrees below `degrees`, degrees * degrees functions.
template <typename T, typename Each>
EC_HOST_DEVICE inline void sh_basis(int degrees, T x, T y, T z, const Each& each) {
  const T c0 = T(0.28209479177387814), c1 = T(0.4886025119029199);
  each(0, c0, T(0), T(0), T(0));
  if (degrees < 2) return;
  each(1, -c1 * y, T(0), -c1, T(0));
  each(2, c1 * z, T(0), T(0), c1);
  each(3, -c1 * x, -c1, T(0), T(0));
  if (degrees < 3) return;
  const T c20 = T(1.0925484305920792), c21 = T(0.94617469575756), c22 = T(0.31539156525252), c23 = T(0.5462742152960396);
  const T xx = x * x, yy = y * y, zz = z * z;
  each(4, c20 * x * y, c20 * y, c20 * x, T(0));
  each(5, -c20 * y * z, T(0), -c20 * z, -c20 * y);
  each(6, c21 * zz - c22, T(0), T(0), 2 * c21 * z);
  each(7, -c20 * x * z, -c20 * z, T(0), -c20 * x);
  each(8, c23 * (xx - yy), 2 * c23 * x, -2 * c23 * y, T(0));
  if (degrees < 4) return;
  const T c30 = T(0.5900435899266435), c31 = T(2.890611442640554), c32 = T(0.4570457994644658), c33 = T(0.3731763325901154),
          c34 = T(1.445305721320277);
  each(9, c30 * y * (yy - 3 * xx), -6 * c30 * x * y, 3 * c30 * (yy - xx), T(0));
  each(10, c31 * x * y * z, c31 * y * z, c31 * x * z, c31 * x * y);
  each(11, c32 * y * (1 - 5 * zz), T(0), c32 * (1 - 5 * zz), -10 * c32 * y * z);
  each(12, c33 * z * (5 * zz - 3), T(0), T(0), c33 * (15 * zz - 3));
  each(13, c32 * x * (1 - 5 * zz), c32 * (1 - 5 * zz), T(0), -10 * c32 * x * z);
  each(14, c34 * z * (xx - yy), 2 * c34 * x * z, -2 * c34 * y * z, c34 * (xx - yy));
  each(15, c30 * x * (3 * yy - xx), 3 * c30 * (yy - xx), 6 * c30 * x * y, T(0));
}

}  // namespace earthcraft
