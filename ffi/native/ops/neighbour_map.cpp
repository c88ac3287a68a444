// Which voxel meets which under a kernel: neighbour maps, and the blocked pair lists that sparse_conv reads.
//
// Taps run x fastest: kernel 3 has tap (dx + 1) + 3 (dy + 1) + 9 (dz + 1) at stride · query + (dx, dy, dz), kernel 2 has tap dx + 2 dy + 4 dz.
// Stride 1 is the submanifold map; stride 2 queries a coarsened grid.

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <torch/library.h>

#include <algorithm>
#include <tuple>
#include <vector>

#include "../kernels/conv_block.h"
#include "voxel_grid.h"

namespace earthcraft {
namespace {

struct AxisStep {  // where offset −1, 0 or +1 from a coordinate's low three bits leads
  int leaf;        // 0, 1 or 2: the neighbouring leaf below, the same, the one above
  uint32_t bits;   // spread to every third bit
};

constexpr AxisStep axis_step(int low, int offset) {
  const int at = low + offset;
  const auto inside = static_cast<uint32_t>(at & 7);
  return {at < 0 ? 0 : at > 7 ? 2 : 1, (inside & 1) | (inside & 2) << 2 | (inside & 4) << 4};
}

struct StepTable {
  AxisStep steps[8][3];
};
constexpr StepTable make_steps() {
  StepTable table{};
  for (int low = 0; low < 8; ++low)
    for (int offset = -1; offset <= 1; ++offset) table.steps[low][offset + 1] = axis_step(low, offset);
  return table;
}
constexpr StepTable kSteps = make_steps();

const VoxelGrid::Leaf kEmptyLeaf{};

// The 27 leaves round a leaf, x fastest.
struct Surroundings {
  Voxel centre{-1, -1, -1, -1};
  const VoxelGrid::Leaf* leaves[27];

  void move_to(const VoxelGrid& grid, const Voxel& leaf) {
    if (leaf.batch == centre.batch && leaf.x == centre.x && leaf.y == centre.y && leaf.z == centre.z) return;
    centre = leaf;
    for (int slot = 0; slot < 27; ++slot) {
      const Voxel next{0, leaf.x + slot % 3 - 1, leaf.y + slot / 3 % 3 - 1, leaf.z + slot / 9 - 1};
      const bool inside = static_cast<uint32_t>(next.x) < kAxisEnd / 8 && static_cast<uint32_t>(next.y) < kAxisEnd / 8 &&
                          static_cast<uint32_t>(next.z) < kAxisEnd / 8;
      leaves[slot] = inside ? grid.leaf(static_cast<uint64_t>(leaf.batch) << 39 | morton_key(next)) : nullptr;
      if (leaves[slot] == nullptr) leaves[slot] = &kEmptyLeaf;
    }
  }
};

// int32 [queries, kernel³], row of `coords` or −1
at::Tensor neighbour_map(const at::Tensor& queries, const at::Tensor& coords, int64_t kernel, int64_t stride) {
  TORCH_CHECK((kernel == 2 || kernel == 3) && (stride == 1 || stride == 2), "neighbour_map: kernel must be 2 or 3 and stride 1 or 2, got kernel ",
              kernel, ", stride ", stride);
  const VoxelGrid grid("neighbour_map", "coords", coords);
  const at::Tensor rows = checked_coords("neighbour_map", "queries", queries);
  const int64_t n = rows.size(0), taps = kernel * kernel * kernel;
  const int32_t* query = rows.const_data_ptr<int32_t>();
  const int first = kernel == 3 ? 0 : 1;  // offset −1 is step 0
  at::Tensor map = at::empty({n, taps}, coords.options());
  int32_t* out = map.mutable_data_ptr<int32_t>();
  at::parallel_for(0, n, 1 << 11, [&](int64_t begin, int64_t end) {
    Surroundings near;
    for (int64_t i = begin; i < end; ++i) {
      const int32_t* q = query + 4 * i;
      const auto by = static_cast<int32_t>(stride);
      const Voxel at{q[0], by * q[1], by * q[2], by * q[3]};
      near.move_to(grid, {at.batch, at.x >> 3, at.y >> 3, at.z >> 3});
      const AxisStep *xs = kSteps.steps[at.x & 7], *ys = kSteps.steps[at.y & 7], *zs = kSteps.steps[at.z & 7];
      int32_t* to = out + i * taps;
      for (int z = first; z < 3; ++z)
        for (int y = first; y < 3; ++y)
          for (int x = first; x < 3; ++x) {
            *to++ = grid.find_in(*near.leaves[xs[x].leaf + 3 * ys[y].leaf + 9 * zs[z].leaf], xs[x].bits | ys[y].bits << 1 | zs[z].bits << 2);
          }
    }
  });
  return map;
}

const at::Tensor checked_map(const char* op, const at::Tensor& neighbours) {
  TORCH_CHECK(neighbours.dim() == 2 && neighbours.scalar_type() == at::kInt, op, ": neighbours must be int32 [N, taps], got ",
              neighbours.scalar_type(), " ", neighbours.sizes());
  return neighbours.contiguous();
}

// A map turned round, for the gradient and for the transposed convolution: int32 [rows, taps], the query that meets this row under this tap, or −1.
at::Tensor neighbour_map_turned(const at::Tensor& neighbours, int64_t rows) {
  const at::Tensor map = checked_map("neighbour_map_turned", neighbours);
  TORCH_CHECK(rows >= 0 && rows <= INT32_MAX, "neighbour_map_turned: rows must lie in [0, ", INT32_MAX, "], got ", rows);
  const int64_t queries = map.size(0), taps = map.size(1);
  at::Tensor turned = at::full({rows, taps}, -1, map.options());
  const int32_t* from = map.const_data_ptr<int32_t>();
  int32_t* to = turned.mutable_data_ptr<int32_t>();
  for (int64_t q = 0; q < queries; ++q)
    for (int64_t tap = 0; tap < taps; ++tap) {
      const int32_t row = from[q * taps + tap];
      if (row == -1) continue;
      TORCH_CHECK_INDEX(row >= 0 && row < rows, "neighbour_map_turned: neighbours row ", q, ", tap ", tap, " is ", row, ", but there are ", rows,
                        " rows");
      int32_t& query = to[row * taps + tap];
      TORCH_CHECK_INDEX(query < 0, "neighbour_map_turned: neighbours row ", row, " is met under tap ", tap, " by queries ", query, " and ", q,
                        "; one at most is possible");
      query = static_cast<int32_t>(q);
    }
  return turned;
}

// pairs int32 [2, P] (input row, output row) grouped by block of output rows, then by tap; starts int64 [blocks * taps + 1]
std::tuple<at::Tensor, at::Tensor> conv_pairs(const at::Tensor& neighbours_any) {
  const at::Tensor neighbours = checked_map("conv_pairs", neighbours_any);
  const int64_t rows = neighbours.size(0), taps = neighbours.size(1), blocks = (rows + kConvBlock - 1) / kConvBlock;
  const int32_t* map = neighbours.const_data_ptr<int32_t>();
  at::Tensor starts_tensor = at::empty({blocks * taps + 1}, neighbours.options().dtype(at::kLong));
  int64_t* starts = starts_tensor.mutable_data_ptr<int64_t>();
  const auto block_end = [&](int64_t block) { return std::min(rows, (block + 1) * kConvBlock); };
  at::parallel_for(0, blocks, 8, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      int64_t* counts = starts + block * taps + 1;
      for (int64_t tap = 0; tap < taps; ++tap) counts[tap] = 0;
      for (int64_t row = block * kConvBlock; row < block_end(block); ++row)
        for (int64_t tap = 0; tap < taps; ++tap) counts[tap] += map[row * taps + tap] >= 0;
    }
  });
  starts[0] = 0;
  for (int64_t i = 0; i < blocks * taps; ++i) starts[i + 1] += starts[i];
  const int64_t total = starts[blocks * taps];
  at::Tensor pairs = at::empty({2, total}, neighbours.options());
  int32_t* in_rows = pairs.mutable_data_ptr<int32_t>();
  int32_t* out_rows = in_rows + total;
  at::parallel_for(0, blocks, 8, [&](int64_t begin, int64_t end) {
    // Written without a branch into a list a tap, one place longer than it can be: a missing neighbour is overwritten by the next.
    std::vector<int32_t> listed(taps * 2 * (kConvBlock + 1));
    std::vector<int32_t*> next(taps);
    for (int64_t block = begin; block < end; ++block) {
      for (int64_t tap = 0; tap < taps; ++tap) next[tap] = listed.data() + tap * 2 * (kConvBlock + 1);
      for (int64_t row = block * kConvBlock; row < block_end(block); ++row)
        for (int64_t tap = 0; tap < taps; ++tap) {
          const int32_t in = map[row * taps + tap];
          next[tap][0] = in;
          next[tap][kConvBlock + 1] = static_cast<int32_t>(row);
          next[tap] += in >= 0;
        }
      for (int64_t tap = 0; tap < taps; ++tap) {
        const int32_t* list = listed.data() + tap * 2 * (kConvBlock + 1);
        const int64_t start = starts[block * taps + tap], count = starts[block * taps + tap + 1] - start;
        std::copy(list, list + count, in_rows + start);
        std::copy(list + kConvBlock + 1, list + kConvBlock + 1 + count, out_rows + start);
      }
    }
  });
  return {pairs, starts_tensor};
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(earthcraft, m) {
  m.def("neighbour_map(Tensor queries, Tensor coords, int kernel, int stride) -> Tensor");
  m.def("neighbour_map_turned(Tensor neighbours, int rows) -> Tensor");
  m.def("conv_pairs(Tensor neighbours) -> (Tensor pairs, Tensor starts)");
}

TORCH_LIBRARY_IMPL(earthcraft, CPU, m) {
  m.impl("neighbour_map", &neighbour_map);
  m.impl("neighbour_map_turned", &neighbour_map_turned);
  m.impl("conv_pairs", &conv_pairs);
}

}  // namespace earthcraft
