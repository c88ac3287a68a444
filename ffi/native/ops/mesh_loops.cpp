#include "mesh_loops.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <unordered_map>

namespace earthcraft {

MeshBorders::MeshBorders(const int32_t* faces, int64_t face_count, int64_t vertex_count)
    : faces_(faces), face_count_(face_count), starts_(vertex_count + 1, 0), out_(3 * face_count) {
  for (int64_t half = 0; half < 3 * face_count; ++half) ++starts_[faces[half] + 1];
  for (int64_t v = 0; v < vertex_count; ++v) starts_[v + 1] += starts_[v];
  std::vector<int64_t> cursor(starts_.begin(), starts_.end() - 1);
  for (int64_t half = 0; half < 3 * face_count; ++half) out_[cursor[faces[half]]++] = static_cast<int32_t>(half);
  // A vertex may have all faces: without an order, finding its edges would take the square of that.
  at::parallel_for(0, vertex_count, 1 << 13, [&](int64_t begin, int64_t end) {
    for (int64_t v = begin; v < end; ++v)
      std::sort(out_.begin() + starts_[v], out_.begin() + starts_[v + 1],
                [&](int32_t a, int32_t b) { return to(a) < to(b) || (to(a) == to(b) && a < b); });
  });
}

int64_t MeshBorders::half_edge(int32_t from, int32_t to) const {
  const auto end = out_.begin() + starts_[from + 1];
  const auto found = std::lower_bound(out_.begin() + starts_[from], end, to, [&](int32_t half, int32_t vertex) { return this->to(half) < vertex; });
  if (found == end || this->to(*found) != to) return -1;
  return found + 1 != end && this->to(found[1]) == to ? -2 : *found;
}

int64_t MeshBorders::next_on_border(int64_t half) const {
  const int32_t about = to(half);
  int64_t turned = half;
  // Every face at the vertex is passed once at most.
  for (int64_t passed = starts_[about]; passed < starts_[about + 1]; ++passed) {
    const int64_t leaving = turned % 3 == 2 ? turned - 2 : turned + 1;
    const int64_t twin = half_edge(to(leaving), about);
    if (half_edge(about, to(leaving)) == -2 || twin == -2) return -1;
    if (twin == -1) return leaving;
    turned = twin;
  }
  return -1;
}

std::vector<MeshBorders::Loop> MeshBorders::loops() const {
  std::vector<uint8_t> open(3 * face_count_);
  at::parallel_for(0, 3 * face_count_, 1 << 14, [&](int64_t begin, int64_t end) {
    for (int64_t half = begin; half < end; ++half)
      open[half] = from(half) != to(half) && half_edge(to(half), from(half)) == -1 && half_edge(from(half), to(half)) >= 0;
  });
  std::vector<Loop> loops;
  std::vector<int64_t> walked;
  std::unordered_map<int32_t, size_t> place;  // of a vertex among those walked
  for (int64_t first = 0; first < 3 * face_count_; ++first) {
    if (!open[first]) continue;
    walked.clear();
    int64_t half = first;
    while (half >= 0 && open[half]) {
      open[half] = 0;
      walked.push_back(half);
      half = next_on_border(half);
    }
    if (half != first) continue;
    // Where the walk comes back to a vertex it has closed a loop of its own.
    std::vector<int64_t> left;
    place.clear();
    for (const int64_t step : walked) {
      place[from(step)] = left.size();
      left.push_back(step);
      const auto met = place.find(to(step));
      if (met == place.end()) continue;
      const size_t start = met->second;
      Loop loop;
      for (size_t i = left.size(); i-- > start;) {
        loop.vertex.push_back(to(left[i]));
        loop.opposite.push_back(left[i]);
        place.erase(from(left[i]));
      }
      left.resize(start);
      loops.push_back(std::move(loop));
    }
  }
  return loops;
}

}  // namespace earthcraft
