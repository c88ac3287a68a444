// Marching cubes cell by cell, in T, with the numbers of vertices in a map: what marching_cubes must show, for its tests.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "kernels/marching_cubes_table.h"

namespace earthcraft {

template <typename T>
struct Surface {
  std::vector<std::array<T, 3>> vertices;
  std::vector<std::array<int32_t, 3>> faces;
};

// volume [size[0], size[1], size[2]]; vertices and faces in the order of marching_cubes.
template <typename T, typename Value>
Surface<T> marching_cubes_reference(const Value* volume, const std::array<int64_t, 3>& size, T level, bool above) {
  static const CellCases cases = make_cell_cases();
  Surface<T> surface;
  const auto value = [&](int64_t i, int64_t j, int64_t k) { return static_cast<T>(volume[(i * size[1] + j) * size[2] + k]); };
  const auto inside = [&](int64_t i, int64_t j, int64_t k) { return above ? value(i, j, k) > level : value(i, j, k) < level; };
  std::map<std::tuple<int64_t, int64_t, int64_t, int>, int32_t> number;  // of the edge from a value along an axis
  const auto meet = [&](int64_t i, int64_t j, int64_t k, int axis) {
    const int64_t far[3] = {i + (axis == 0), j + (axis == 1), k + (axis == 2)};
    if (far[axis] >= size[axis] || inside(i, j, k) == inside(far[0], far[1], far[2])) return;
    const T from = value(i, j, k), to = value(far[0], far[1], far[2]);
    std::array<T, 3> at = {static_cast<T>(i), static_cast<T>(j), static_cast<T>(k)};
    at[axis] += (level - from) / (to - from);
    number[{i, j, k, axis}] = static_cast<int32_t>(surface.vertices.size());
    surface.vertices.push_back(at);
  };
  for (int64_t i = 0; i < size[0]; ++i) {
    for (int64_t j = 0; j < size[1]; ++j)
      for (int axis : {2, 1})
        for (int64_t k = 0; k < size[2]; ++k) meet(i, j, k, axis);
    for (int64_t j = 0; j < size[1]; ++j)
      for (int64_t k = 0; k < size[2]; ++k) meet(i, j, k, 0);
  }
  for (int64_t i = 0; i + 1 < size[0]; ++i)
    for (int64_t j = 0; j + 1 < size[1]; ++j)
      for (int64_t k = 0; k + 1 < size[2]; ++k) {
        int found = 0;
        for (int corner = 0; corner < 8; ++corner) found |= inside(i + (corner >> 2), j + (corner >> 1 & 1), k + (corner & 1)) << corner;
        const CellCase& cut = cases.of[found];
        for (int t = 0; t < cut.triangles; ++t) {
          std::array<int32_t, 3> face;
          for (int c = 0; c < 3; ++c) {
            const int edge = cut.edge[3 * t + c], first = edge >> 1 & 1, second = edge & 1;
            const auto at = edge < 4   ? std::make_tuple(i + first, j + second, k, 2)
                            : edge < 8 ? std::make_tuple(i + first, j, k + second, 1)
                                       : std::make_tuple(i, j + first, k + second, 0);
            face[c] = number.at(at);
          }
          surface.faces.push_back(face);
        }
      }
  return surface;
}

}  // namespace earthcraft
