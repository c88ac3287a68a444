// The borders of a mesh: which edges have one face, and the loops that they close to.
#pragma once

#include <cstdint>
#include <vector>

namespace earthcraft {

// Half-edge 3 f + k goes from corner k of face f to the next.
class MeshBorders {
 public:
  MeshBorders(const int32_t* faces, int64_t face_count, int64_t vertex_count);

  // The half-edge from one vertex to another: -1 none, -2 several.
  int64_t half_edge(int32_t from, int32_t to) const;
  bool joined(int32_t a, int32_t b) const { return half_edge(a, b) != -1 || half_edge(b, a) != -1; }

  // Loops of vertices in the order of a face that closes them (against the faces that are there), with the half-edges across their edges: opposite[i]
  // lies at the edge from vertex[i] to vertex[i + 1].  A loop passes a vertex once: one that meets itself is cut in two there.  Borders that end at
  // an edge of more than two faces are left out.  In the order of their first half-edges.
  struct Loop {
    std::vector<int32_t> vertex;
    std::vector<int64_t> opposite;
  };
  std::vector<Loop> loops() const;

 private:
  int32_t from(int64_t half) const { return faces_[half]; }
  int32_t to(int64_t half) const { return faces_[half % 3 == 2 ? half - 2 : half + 1]; }
  // The border's next half-edge after one that ends at a vertex, turning about it through its faces; negative: there is none.
  int64_t next_on_border(int64_t half) const;

  const int32_t* faces_;
  int64_t face_count_;
  std::vector<int64_t> starts_;  // of each vertex's half-edges
  std::vector<int32_t> out_;     // half-edges by the vertex that they leave, and by the one that they reach
};

}  // namespace earthcraft
