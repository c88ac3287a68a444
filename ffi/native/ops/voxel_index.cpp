// Sets of voxels: keys, unique, look-up, union, difference, dilation, erosion, and the step to the next coarser or finer level.
//
// Shapes:  coords [N, 4] int32 (batch, x, y, z).  A set that an operator makes comes in Morton order (see voxel_grid.h).
//          Rows into a coords tensor are int64, -1 = not there; `children` is int32 [M, 8], slot x + 2y + 4z.

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <torch/library.h>

#include <algorithm>
#include <tuple>

#include "voxel_grid.h"

namespace earthcraft {
namespace {

at::Tensor rows_like(const at::Tensor& coords, int64_t n) { return at::empty({n}, coords.options().dtype(at::kLong)); }

at::Tensor voxel_keys(const at::Tensor& coords) {
  const std::vector<uint64_t> keys = keys_of(checked_coords("voxel_keys", "coords", coords));
  at::Tensor out = rows_like(coords, static_cast<int64_t>(keys.size()));
  std::copy(keys.begin(), keys.end(), out.mutable_data_ptr<int64_t>());
  return out;
}

// Checks that coords are in range and no voxel comes twice; the number of batches: one more than the highest.
int64_t voxel_batches(const at::Tensor& coords) {
  const VoxelGrid grid("voxel_batches", "coords", coords);
  return grid.size() == 0 ? 0 : morton_voxel(grid.sorted_keys().back()).batch + 1;
}

std::tuple<at::Tensor, at::Tensor> voxel_unique(const at::Tensor& coords) {
  std::vector<uint64_t> keys = keys_of(checked_coords("voxel_unique", "coords", coords));
  std::vector<int32_t> order;
  sort_keys(keys, order);
  at::Tensor inverse = rows_like(coords, static_cast<int64_t>(keys.size()));
  int64_t* to = inverse.mutable_data_ptr<int64_t>();
  size_t kept = 0;
  for (size_t i = 0; i < keys.size(); ++i) {
    if (kept == 0 || keys[i] != keys[kept - 1]) keys[kept++] = keys[i];
    to[order[i]] = static_cast<int64_t>(kept) - 1;
  }
  keys.resize(kept);
  return {coords_of(keys), inverse};
}

at::Tensor voxel_lookup(const at::Tensor& coords, const at::Tensor& queries) {
  const VoxelGrid grid("voxel_lookup", "coords", coords);
  const std::vector<uint64_t> keys = keys_of(checked_coords("voxel_lookup", "queries", queries));
  at::Tensor rows = rows_like(coords, static_cast<int64_t>(keys.size()));
  int64_t* to = rows.mutable_data_ptr<int64_t>();
  at::parallel_for(0, rows.size(0), 1 << 14, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) to[i] = grid.find(keys[i]);
  });
  return rows;
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> voxel_union(const at::Tensor& a, const at::Tensor& b) {
  const std::vector<uint64_t> a_keys = keys_of(checked_coords("voxel_union", "a", a)), b_keys = keys_of(checked_coords("voxel_union", "b", b));
  std::vector<uint64_t> keys = a_keys;
  keys.insert(keys.end(), b_keys.begin(), b_keys.end());
  sort_unique(keys);
  const at::Tensor coords = coords_of(keys);
  const auto rows_in_union = [&](const std::vector<uint64_t>& of) {
    at::Tensor rows = rows_like(coords, static_cast<int64_t>(of.size()));
    int64_t* to = rows.mutable_data_ptr<int64_t>();
    for (size_t i = 0; i < of.size(); ++i) to[i] = std::lower_bound(keys.begin(), keys.end(), of[i]) - keys.begin();
    return rows;
  };
  return {coords, rows_in_union(a_keys), rows_in_union(b_keys)};
}

std::tuple<at::Tensor, at::Tensor> voxel_difference(const at::Tensor& a, const at::Tensor& b) {
  const VoxelGrid minus("voxel_difference", "b", b);
  std::vector<uint64_t> keys = keys_of(checked_coords("voxel_difference", "a", a));
  std::vector<int32_t> order;
  sort_keys(keys, order);
  std::vector<uint64_t> kept;
  std::vector<int64_t> rows;
  for (size_t i = 0; i < keys.size(); ++i) {
    if ((i > 0 && keys[i] == keys[i - 1]) || minus.find(keys[i]) >= 0) continue;
    kept.push_back(keys[i]);
    rows.push_back(order[i]);
  }
  at::Tensor kept_rows = rows_like(a, static_cast<int64_t>(rows.size()));
  std::copy(rows.begin(), rows.end(), kept_rows.mutable_data_ptr<int64_t>());
  return {coords_of(kept), kept_rows};
}

void check_radius(const char* op, int64_t radius) { TORCH_CHECK(radius >= 0 && radius <= 64, op, ": radius must lie in [0, 64], got ", radius); }

void add_axis(Voxel& v, int axis, int32_t by) { (axis == 0 ? v.x : axis == 1 ? v.y : v.z) += by; }
int32_t axis_of(const Voxel& v, int axis) { return axis == 0 ? v.x : axis == 1 ? v.y : v.z; }

// A cube is the sum of three segments, so one axis after the other.
at::Tensor voxel_dilate(const at::Tensor& coords, int64_t radius, at::IntArrayRef extent) {
  check_radius("voxel_dilate", radius);
  TORCH_CHECK(extent.size() == 3 && extent[0] > 0 && extent[1] > 0 && extent[2] > 0 && std::max({extent[0], extent[1], extent[2]}) <= kAxisEnd,
              "voxel_dilate: extent must be three sizes in [1, ", kAxisEnd, "], got ", extent);
  std::vector<uint64_t> keys = keys_of(checked_coords("voxel_dilate", "coords", coords));
  sort_unique(keys);
  for (int axis = 0; axis < 3; ++axis) {
    std::vector<uint64_t> grown;
    grown.reserve(keys.size() * (2 * radius + 1));
    for (const uint64_t key : keys) {
      Voxel v = morton_voxel(key);
      add_axis(v, axis, static_cast<int32_t>(-radius));
      for (int64_t step = -radius; step <= radius; ++step, add_axis(v, axis, 1))
        if (axis_of(v, axis) >= 0 && axis_of(v, axis) < extent[axis]) grown.push_back(morton_key(v));
    }
    sort_unique(grown);
    keys.swap(grown);
  }
  return coords_of(keys);
}

at::Tensor voxel_erode(const at::Tensor& coords, int64_t radius) {
  check_radius("voxel_erode", radius);
  std::vector<uint64_t> keys = keys_of(checked_coords("voxel_erode", "coords", coords));
  sort_unique(keys);
  for (int axis = 0; axis < 3; ++axis) {
    const VoxelGrid grid("voxel_erode", "coords", coords_of(keys));
    std::vector<uint64_t> left;
    for (const uint64_t key : keys) {
      Voxel v = morton_voxel(key);
      bool whole = axis_of(v, axis) >= radius && axis_of(v, axis) + radius < kAxisEnd;
      add_axis(v, axis, static_cast<int32_t>(-radius));
      for (int64_t step = -radius; whole && step <= radius; ++step, add_axis(v, axis, 1)) whole = grid.find(morton_key(v)) >= 0;
      if (whole) left.push_back(key);
    }
    keys.swap(left);
  }
  return coords_of(keys);
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> voxel_coarsen(const at::Tensor& coords) {
  const VoxelGrid fine("voxel_coarsen", "coords", coords);
  std::vector<uint64_t> coarse;
  for (const uint64_t key : fine.sorted_keys())
    if (coarse.empty() || coarse.back() != coarser_key(key)) coarse.push_back(coarser_key(key));
  const auto cells = static_cast<int64_t>(coarse.size());
  at::Tensor parent = rows_like(coords, fine.size());
  at::Tensor children = at::full({cells, 8}, -1, coords.options());
  int64_t* to = parent.mutable_data_ptr<int64_t>();
  int32_t* slots = children.mutable_data_ptr<int32_t>();
  int64_t row = -1;
  for (const uint64_t key : fine.sorted_keys()) {
    if (row < 0 || coarse[row] != coarser_key(key)) ++row;
    const int32_t child = fine.find(key);
    to[child] = row;
    slots[8 * row + (key & 7)] = child;
  }
  return {coords_of(coarse), parent, children};
}

// All eight children of every voxel, parent after parent in the order given, slot x + 2y + 4z.
at::Tensor voxel_refine(const at::Tensor& coords) {
  const at::Tensor rows = checked_coords("voxel_refine", "coords", coords);
  const int64_t n = rows.size(0);
  const int32_t* c = rows.const_data_ptr<int32_t>();
  at::Tensor fine = at::empty({8 * n, 4}, coords.options());
  int32_t* to = fine.mutable_data_ptr<int32_t>();
  for (int64_t i = 0; i < n; ++i, c += 4) {
    TORCH_CHECK_INDEX(std::max({c[1], c[2], c[3]}) < kAxisEnd / 2, "voxel_refine: coords row ", i, " is (batch ", c[0], ", x ", c[1], ", y ", c[2],
                      ", z ", c[3], "), its children would lie beyond ", kAxisEnd);
    for (int slot = 0; slot < 8; ++slot, to += 4)
      to[0] = c[0], to[1] = 2 * c[1] + (slot & 1), to[2] = 2 * c[2] + (slot >> 1 & 1), to[3] = 2 * c[3] + (slot >> 2);
  }
  return fine;
}

// Voxels grouped into cubic windows. A shift of half an edge only regroups them: nothing is rolled or masked
// (EarthCrafter, "3D Swin"; TRELLIS, sparse windowed attention). order [N] int64 lists rows window after window, starts [W + 1] where each begins.
std::tuple<at::Tensor, at::Tensor> window_partition(const at::Tensor& coords, int64_t edge, int64_t shift) {
  TORCH_CHECK(edge > 0 && edge <= kAxisEnd && shift >= 0 && shift < edge, "window_partition: need 0 <= shift < edge <= ", kAxisEnd, ", got shift ",
              shift, ", edge ", edge);
  const at::Tensor rows = checked_coords("window_partition", "coords", coords);
  const int64_t n = rows.size(0);
  const int32_t* c = rows.const_data_ptr<int32_t>();
  std::vector<uint64_t> keys(n);
  const auto window = [&](int32_t at) { return static_cast<int32_t>((at + shift) / edge); };
  at::parallel_for(0, n, 1 << 14, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) keys[i] = morton_key({c[4 * i], window(c[4 * i + 1]), window(c[4 * i + 2]), window(c[4 * i + 3])});
  });
  std::vector<int32_t> order;
  sort_keys(keys, order);
  at::Tensor order_N = rows_like(coords, n);
  std::copy(order.begin(), order.end(), order_N.mutable_data_ptr<int64_t>());
  std::vector<int64_t> starts;
  for (int64_t i = 0; i < n; ++i)
    if (i == 0 || keys[i] != keys[i - 1]) starts.push_back(i);
  starts.push_back(n);
  at::Tensor starts_W1 = rows_like(coords, static_cast<int64_t>(starts.size()));
  std::copy(starts.begin(), starts.end(), starts_W1.mutable_data_ptr<int64_t>());
  return {order_N, starts_W1};
}

// Where each batch begins: starts [B + 1] for coords whose batches lie together in ascending order; an absent batch is an empty range.
at::Tensor batch_starts(const at::Tensor& coords, int64_t batches) {
  const at::Tensor rows = checked_coords("batch_starts", "coords", coords);
  TORCH_CHECK(batches >= 0 && batches <= kBatchEnd, "batch_starts: batches must lie in [0, ", kBatchEnd, "], got ", batches);
  const int32_t* c = rows.const_data_ptr<int32_t>();
  at::Tensor starts = rows_like(coords, batches + 1);
  int64_t* to = starts.mutable_data_ptr<int64_t>();
  int64_t batch = 0;
  to[0] = 0;
  for (int64_t i = 0; i < rows.size(0); ++i) {
    TORCH_CHECK_INDEX(c[4 * i] < batches, "batch_starts: coords row ", i, " belongs to batch ", c[4 * i], ", but there are ", batches, " batches");
    TORCH_CHECK(i == 0 || c[4 * i] >= c[4 * i - 4], "batch_starts: batches must ascend, but row ", i, " of batch ", c[4 * i], " follows batch ",
                c[4 * i - 4]);
    while (batch < c[4 * i]) to[++batch] = i;
  }
  while (batch < batches) to[++batch] = rows.size(0);
  return starts;
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(earthcraft, m) {
  m.def("voxel_keys(Tensor coords) -> Tensor");
  m.def("voxel_batches(Tensor coords) -> int");
  m.def("voxel_unique(Tensor coords) -> (Tensor coords, Tensor inverse)");
  m.def("voxel_lookup(Tensor coords, Tensor queries) -> Tensor");
  m.def("voxel_union(Tensor a, Tensor b) -> (Tensor coords, Tensor rows_a, Tensor rows_b)");
  m.def("voxel_difference(Tensor a, Tensor b) -> (Tensor coords, Tensor rows)");
  m.def("voxel_dilate(Tensor coords, int radius, int[] extent) -> Tensor");
  m.def("voxel_erode(Tensor coords, int radius) -> Tensor");
  m.def("voxel_coarsen(Tensor coords) -> (Tensor coords, Tensor parent, Tensor children)");
  m.def("voxel_refine(Tensor coords) -> Tensor");
  m.def("window_partition(Tensor coords, int edge, int shift) -> (Tensor order, Tensor starts)");
  m.def("batch_starts(Tensor coords, int batches) -> Tensor");
}

TORCH_LIBRARY_IMPL(earthcraft, CPU, m) {
  m.impl("voxel_keys", &voxel_keys);
  m.impl("voxel_batches", &voxel_batches);
  m.impl("voxel_unique", &voxel_unique);
  m.impl("voxel_lookup", &voxel_lookup);
  m.impl("voxel_union", &voxel_union);
  m.impl("voxel_difference", &voxel_difference);
  m.impl("voxel_dilate", &voxel_dilate);
  m.impl("voxel_erode", &voxel_erode);
  m.impl("voxel_coarsen", &voxel_coarsen);
  m.impl("voxel_refine", &voxel_refine);
  m.impl("window_partition", &window_partition);
  m.impl("batch_starts", &batch_starts);
}

}  // namespace earthcraft
