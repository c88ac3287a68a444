// Rays through an occupancy grid of nested cubes: the arithmetic that the CPU and CUDA share to the bit. In double; compile without fused
// multiply-add.
//
// Cascade k is a cube with edge `edge` * 2^k about the centre, of resolution^3 cells (Müller et al. 2022, appendix E). Where a sample stands, the
// finest cascade that holds it and whose cells are no smaller than the step says whether there is anything.
#pragma once

#include <cmath>
#include <cstdint>

#include "host_device.h"

namespace earthcraft {

struct OccupancyCubes {
  double centre[3];
  double edge;  // of the innermost cube
  int64_t resolution;
  int cascades;

  EC_HOST_DEVICE int64_t cells() const { return resolution * resolution * resolution; }
  EC_HOST_DEVICE double edge_of(int cascade) const { return edge * static_cast<double>(int64_t{1} << cascade); }

  // The point of a cell, `within` in [0, 1) along each axis, in the unit cube that is the outermost cascade. Cells count through all cascades, x
  // fastest.
  EC_HOST_DEVICE void unit_point(int64_t cell, const float* within, float out[3]) const {
    const int cascade = static_cast<int>(cell / cells());
    const double shrink = static_cast<double>(int64_t{1} << (cascades - 1 - cascade));
    int64_t rest = cell % cells();
    for (int axis = 0; axis < 3; ++axis, rest /= resolution) {
      const double along = (static_cast<double>(rest % resolution) + static_cast<double>(within[axis])) / static_cast<double>(resolution);
      out[axis] = static_cast<float>((along - 0.5) / shrink + 0.5);
    }
  }
};

constexpr int64_t kBlockEdge = 8;  // cells; a byte of bits is a row of a block

// Which cells are occupied, and which blocks of 8^3 cells hold any that are: an empty block is passed in one go. `blocks` may be null.
struct OccupiedBits {
  const uint8_t *cells, *blocks;

  // Blocks that meet the cube of the cascade inside would hide it.
  EC_HOST_DEVICE static bool has_blocks(const OccupancyCubes& cubes) {
    return cubes.resolution % (cubes.cascades == 1 ? kBlockEdge : 4 * kBlockEdge) == 0;
  }
  EC_HOST_DEVICE static int64_t block_count(const OccupancyCubes& cubes) {
    const int64_t side = cubes.resolution / kBlockEdge;
    return cubes.cascades * side * side * side;
  }
  // Whether a block, counted as cells are, holds anything.
  EC_HOST_DEVICE static bool any(const OccupancyCubes& cubes, const uint8_t* cells, int64_t block) {
    const int64_t side = cubes.resolution / kBlockEdge, x = block % side, y = block / side % side, rest = block / (side * side);  // cascade and z
    uint8_t found = 0;
    for (int64_t dz = 0; dz < kBlockEdge; ++dz)
      for (int64_t dy = 0; dy < kBlockEdge; ++dy) found |= cells[((rest * kBlockEdge + dz) * cubes.resolution + y * kBlockEdge + dy) * side + x];
    return found != 0;
  }
};

struct MarchSteps {
  double step;  // shortest
  double cone;  // steps grow to distance * cone
  double most;  // longest
  double near, far;
  int64_t samples;  // at most, of a ray

  EC_HOST_DEVICE double at(double distance) const {
    const double wide = distance * cone;
    return wide < step ? step : wide > most ? most : wide;
  }
};

// Calls emit(distance, length, point in the unit cube) for the samples of a ray, from near to far; returns how many there are.
template <typename Emit>
EC_HOST_DEVICE int64_t march_ray(const OccupancyCubes& cubes, const OccupiedBits& bits, const MarchSteps& steps, const float* origin,
                                 const float* direction, double jitter, const Emit& emit) {
  double from[3], along[3], inverse[3], length = 0;
  for (int axis = 0; axis < 3; ++axis) {
    from[axis] = static_cast<double>(origin[axis]) - cubes.centre[axis];
    along[axis] = direction[axis];
    length += along[axis] * along[axis];
  }
  length = std::sqrt(length);
  if (!(length > 0) || !std::isfinite(length) || !std::isfinite(from[0] + from[1] + from[2])) return 0;
  const double outer = cubes.edge_of(cubes.cascades - 1), half = outer / 2;
  double begin = steps.near, end = steps.far;
  for (int axis = 0; axis < 3; ++axis) {
    along[axis] /= length;
    inverse[axis] = 1 / along[axis];
    if (along[axis] == 0) {
      if (std::abs(from[axis]) >= half) return 0;
      continue;
    }
    const double a = (-half - from[axis]) * inverse[axis], b = (half - from[axis]) * inverse[axis];
    begin = std::fmax(begin, std::fmin(a, b));
    end = std::fmin(end, std::fmax(a, b));
  }
  if (!(begin < end)) return 0;
  // Steps of one length are counted, so that where a sample stands does not depend on what is empty before it; growing ones follow from each other.
  const bool even = steps.cone == 0;
  const double first = begin + steps.at(begin) * jitter, middle_cell = static_cast<double>(cubes.resolution) / 2;
  double t = first;
  int64_t step = 0, count = 0;
  while (count < steps.samples) {
    const double dt = even ? steps.step : steps.at(t), middle = t + dt / 2;
    if (!(middle < end)) break;
    double at[3], reach = 0;
    for (int axis = 0; axis < 3; ++axis) {
      at[axis] = from[axis] + middle * along[axis];
      reach = std::fmax(reach, std::abs(at[axis]));
    }
    int cascade = 0;
    double edge = cubes.edge;
    while (cascade + 1 < cubes.cascades && (2 * reach >= edge || edge < dt * static_cast<double>(cubes.resolution))) ++cascade, edge *= 2;
    const double cell_edge = edge / static_cast<double>(cubes.resolution), cells_a_metre = static_cast<double>(cubes.resolution) / edge;
    int64_t cell = 0, place[3];
    for (int axis = 2; axis >= 0; --axis) {
      const double across = at[axis] * cells_a_metre + middle_cell;
      place[axis] = across > 0 ? static_cast<int64_t>(across) : 0;
      if (place[axis] >= cubes.resolution) place[axis] = cubes.resolution - 1;
      cell = cell * cubes.resolution + place[axis];
    }
    cell += cascade * cubes.cells();
    if (bits.cells[cell >> 3] >> (cell & 7) & 1) {
      const float unit[3] = {static_cast<float>(at[0] / outer + 0.5), static_cast<float>(at[1] / outer + 0.5),
                             static_cast<float>(at[2] / outer + 0.5)};
      emit(middle, dt, unit);
      ++count;
      t = even ? first + static_cast<double>(++step) * dt : t + dt;
      continue;
    }
    // On to the first sample beyond the empty cell, or beyond its block.
    int64_t empty = 1;
    if (bits.blocks != nullptr) {
      const int64_t side = cubes.resolution / kBlockEdge;
      const int64_t block = ((cascade * side + place[2] / kBlockEdge) * side + place[1] / kBlockEdge) * side + place[0] / kBlockEdge;
      if (!bits.blocks[block]) empty = kBlockEdge;
    }
    double leave = end;
    for (int axis = 0; axis < 3; ++axis) {
      if (along[axis] == 0) continue;
      const double wall = (static_cast<double>(place[axis] / empty * empty + (along[axis] > 0 ? empty : 0)) - middle_cell) * cell_edge;
      leave = std::fmin(leave, (wall - from[axis]) * inverse[axis]);
    }
    if (even) {
      const double ahead = (leave - first) / dt - 0.5;
      const int64_t below = static_cast<int64_t>(ahead), next = below < ahead ? below + 1 : below;
      step = next > step ? next : step + 1;
      t = first + static_cast<double>(step) * dt;
      continue;
    }
    double width = dt;
    do {
      t += width;
      width = steps.at(t);
    } while (t + width / 2 < leave);
  }
  return count;
}

}  // namespace earthcraft
