// Which triangles cut a cell of marching cubes (Lorensen and Cline 1987), for each of the 256 ways in which its corners can lie inside.
//
// The table is derived, not written down.  On every face of the cell, seen from outside, the surface runs so that inside corners which meet only
// across the face's diagonal stay joined (a thin wall does not fall into crumbs); this looks at the face's own four corners only, so that both cells
// at a face cut it alike, and the surface of a whole volume has no hole.  The segments of the six faces close to loops of 3 to 7 edges.  A loop is
// cut into triangles without a diagonal that lies in a face: the neighbour might draw the same one, and four triangles would meet at an edge.  Every
// loop has such a cut; the compiler checks it.
//
// Corner 4 i + 2 j + k; triangles are counter-clockwise seen from where the volume is outside.
#pragma once

#include <cstdint>

namespace earthcraft {

// Edges by what they join: 2 di + dj along k, 4 + 2 di + dk along j, 8 + 2 dj + dk along i.
constexpr int kCellEdges = 12;

constexpr int cell_edge(int a, int b) {
  const int low = a < b ? a : b;
  const int i = low >> 2, j = low >> 1 & 1, k = low & 1;
  return (a ^ b) == 1 ? 2 * i + j : (a ^ b) == 2 ? 4 + 2 * i + k : 8 + 2 * j + k;
}

struct CellCase {
  uint8_t triangles = 0;
  uint8_t edge[15] = {};
};

struct CellCases {
  CellCase of[256];
};

namespace table {

struct Face {
  int ring[4] = {};  // corners, counter-clockwise seen from outside
};

constexpr Face cell_face(int number) {
  const int axis = number / 2, far = number % 2;
  const int along = 4 >> axis, u = 4 >> (axis + 1) % 3, v = 4 >> (axis + 2) % 3;
  const int base = far ? along : 0;
  Face face;
  const int corner[4] = {base, base + u, base + u + v, base + v};
  for (int i = 0; i < 4; ++i) face.ring[i] = corner[far ? i : 3 - i];
  return face;
}

// Bit f: the edge lies in face f.
constexpr int faces_of_edge(int edge) {
  int faces = 0;
  for (int f = 0; f < 6; ++f) {
    const Face face = cell_face(f);
    for (int i = 0; i < 4; ++i)
      if (cell_edge(face.ring[i], face.ring[(i + 1) % 4]) == edge) faces |= 1 << f;
  }
  return faces;
}

// next[edge]: where the loop through an edge goes on, or -1.
struct Links {
  int next[kCellEdges] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
};

constexpr Links links_of(int inside) {
  Links links;
  for (int f = 0; f < 6; ++f) {
    const Face face = cell_face(f);
    const auto in = [&](int i) { return (inside >> face.ring[i % 4] & 1) != 0; };
    for (int i = 0; i < 4; ++i) {
      if (!(in(i) && !in(i + 1))) continue;  // walking round, the inside ends here ...
      int back = i + 1;
      while (!(!in(back) && in(back + 1))) ++back;  // ... and begins again there: the outside between is cut off
      links.next[cell_edge(face.ring[back % 4], face.ring[(back + 1) % 4])] = cell_edge(face.ring[i], face.ring[(i + 1) % 4]);
    }
  }
  return links;
}

struct Loop {
  int edge[kCellEdges] = {};
  int length = 0;

  constexpr bool may_join(int a, int b) const {
    return b - a == 1 || (a == 0 && b == length - 1) || (faces_of_edge(edge[a]) & faces_of_edge(edge[b])) == 0;
  }
  // Adds the triangles between vertices first and last of the loop; false where there is no cut.
  constexpr bool cut(int first, int last, CellCase& out) const {
    if (last - first < 2) return true;
    for (int middle = first + 1; middle < last; ++middle) {
      if (!may_join(first, middle) || !may_join(middle, last)) continue;
      const uint8_t before = out.triangles;
      uint8_t* to = out.edge + 3 * before;
      to[0] = static_cast<uint8_t>(edge[first]), to[1] = static_cast<uint8_t>(edge[middle]), to[2] = static_cast<uint8_t>(edge[last]);
      ++out.triangles;
      if (cut(first, middle, out) && cut(middle, last, out)) return true;
      out.triangles = before;
    }
    return false;
  }
};

constexpr CellCase case_of(int inside, bool* complete) {
  const Links links = links_of(inside);
  CellCase out;
  bool drawn[kCellEdges] = {};
  for (int start = 0; start < kCellEdges; ++start) {
    if (links.next[start] < 0 || drawn[start]) continue;
    Loop loop;
    for (int edge = start; !drawn[edge]; edge = links.next[edge]) {
      drawn[edge] = true;
      loop.edge[loop.length++] = edge;
    }
    *complete = *complete && loop.cut(0, loop.length - 1, out);
  }
  return out;
}

struct Made {
  CellCases cases;
  bool complete = true;
};

constexpr Made make() {
  Made made;
  for (int inside = 0; inside < 256; ++inside) made.cases.of[inside] = case_of(inside, &made.complete);
  return made;
}

}  // namespace table

constexpr CellCases make_cell_cases() {
  constexpr table::Made made = table::make();
  static_assert(made.complete, "a loop has no cut without a diagonal in a face");
  return made.cases;
}

}  // namespace earthcraft
