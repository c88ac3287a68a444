// Marching cubes over a dense volume [planes, rows, values], or a slab of one: what lies inside, one bit a value; then counts; then vertices and
// faces.
#pragma once

#include <cstdint>

#include "dispatch.h"
#include "host_device.h"
#include "marching_cubes_table.h"

namespace earthcraft {

// Vertices are numbered by plane i, in it first those in the plane (row by row: on edges along k, then on edges along j), then those between it and
// plane i + 1 (row by row).  So the numbers in a plane do not depend on the planes behind it, and slabs of a volume number as the whole does.
struct VolumeGrid {
  int64_t planes, rows, values;  // along i, j and k
  float level;
  double origin[3], spacing[3];
  int64_t first_plane;  // the number of plane 0 in the whole volume
  int32_t first_vertex;
  bool more;  // the last plane is the first of the next slab, which draws the vertices in it

  EC_INLINE int64_t words() const { return (values + 63) / 64; }  // of bits, a row
  EC_INLINE int64_t along_group(int64_t i, int64_t j) const { return 3 * i * rows + 2 * j; }
  EC_INLINE int64_t across_group(int64_t i, int64_t j) const { return 3 * i * rows + 2 * j + 1; }
  EC_INLINE int64_t between_group(int64_t i, int64_t j) const { return 3 * i * rows + 2 * rows + j; }
};

// Bits of a row: value > level, or value < level; padded with 0. What is no number lies outside.
EC_DECLARE_VARIANTS(void inside_bits(const float* row, int64_t values, float level, bool above, uint64_t* bits);
                    // Vertices of the three groups of every row of plane i, and its triangles.
                    void count_plane(const VolumeGrid& grid, const CellCases& cases, const uint64_t* inside, int64_t i, int32_t* vertices,
                                     int32_t* triangles);
                    // starts: the number of the first vertex of every group; faces: where the plane's begin.
                    void plane_faces(const VolumeGrid& grid, const CellCases& cases, const uint64_t* inside, const int32_t* starts, int64_t i,
                                     int32_t* faces);
                    // front, back: planes i and i + 1 of the volume; vertices: where number grid.first_vertex stands.
                    void plane_vertices(const VolumeGrid& grid, const uint64_t* inside, const int32_t* starts, int64_t i, const float* front,
                                        const float* back, float* vertices);)

}  // namespace earthcraft
