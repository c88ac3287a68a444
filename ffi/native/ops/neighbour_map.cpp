// Which voxel meets which under a kernel: neighbour maps, and the blocked pair lists that sparse_conv reads.
//
// Taps run x fastest: kernel 3 has tap (dx + 1) + 3 (dy + 1) + 9 (dz + 1) at stride · query + (dx, dy, dz), kernel 2 has tap dx + 2 dy + 4 dz.
// Stride 1 is the submanifold map; stride 2 queries a coarsened grid.

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <torch/library.h>

#include <tuple>

#include "../kernels/sparse_conv.h"
#include "voxel_grid.h"

namespace earthcraft {
namespace {

struct AxisStep {  // where offset −1, 0, +1 from a coordinate's low three bits leads
  int leaf;        // neighbouring leaf, −1, 0 or 1
  uint32_t bits;   // spread to every third bit
};

AxisStep axis_step(int32_t low, int offset) {
  const int32_t at = low + offset;
  const auto inside = static_cast<uint32_t>(at & 7);
  return {at < 0 ? -1 : at > 7 ? 1 : 0, (inside & 1) | (inside & 2) << 2 | (inside & 4) << 4};
}

// int32 [queries, kernel³], row of `coords` or −1
at::Tensor neighbour_map(const at::Tensor& queries, const at::Tensor& coords, int64_t kernel, int64_t stride) {
  TORCH_CHECK((kernel == 2 || kernel == 3) && (stride == 1 || stride == 2), "neighbour_map: kernel must be 2 or 3 and stride 1 or 2, got kernel ",
              kernel, ", stride ", stride);
  const VoxelGrid grid("neighbour_map", "coords", coords);
  const at::Tensor rows = checked_coords("neighbour_map", "queries", queries);
  const int64_t n = rows.size(0), taps = kernel * kernel * kernel;
  const int32_t* query = rows.const_data_ptr<int32_t>();
  const int first = kernel == 3 ? -1 : 0;
  at::Tensor map = at::empty({n, taps}, coords.options());
  int32_t* out = map.mutable_data_ptr<int32_t>();
  at::parallel_for(0, n, 1 << 11, [&](int64_t begin, int64_t end) {
    const VoxelGrid::Leaf* near[27] = {};  // leaves round the last query; most voxels share them with the one before
    bool known[27] = {};
    Voxel here{-1, -1, -1, -1};
    for (int64_t i = begin; i < end; ++i) {
      const Voxel at{query[4 * i], static_cast<int32_t>(stride) * query[4 * i + 1], static_cast<int32_t>(stride) * query[4 * i + 2],
                     static_cast<int32_t>(stride) * query[4 * i + 3]};
      const Voxel leaf{at.batch, at.x >> 3, at.y >> 3, at.z >> 3};
      if (leaf.batch != here.batch || leaf.x != here.x || leaf.y != here.y || leaf.z != here.z) {
        here = leaf;
        for (bool& k : known) k = false;
      }
      int32_t* to = out + i * taps;
      for (int dz = first; dz <= 1; ++dz) {
        const AxisStep z = axis_step(at.z & 7, dz);
        for (int dy = first; dy <= 1; ++dy) {
          const AxisStep y = axis_step(at.y & 7, dy);
          for (int dx = first; dx <= 1; ++dx) {
            const AxisStep x = axis_step(at.x & 7, dx);
            const int slot = x.leaf + 1 + 3 * (y.leaf + 1) + 9 * (z.leaf + 1);
            if (!known[slot]) {
              const Voxel next{leaf.batch, leaf.x + x.leaf, leaf.y + y.leaf, leaf.z + z.leaf};
              const bool inside =
                  next.x >= 0 && next.y >= 0 && next.z >= 0 && next.x < kAxisEnd / 8 && next.y < kAxisEnd / 8 && next.z < kAxisEnd / 8;
              near[slot] = inside ? grid.leaf((static_cast<uint64_t>(next.batch) << 39) | (morton_key({0, next.x, next.y, next.z}))) : nullptr;
              known[slot] = true;
            }
            *to++ = near[slot] == nullptr ? -1 : grid.find_in(*near[slot], x.bits | y.bits << 1 | z.bits << 2);
          }
        }
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
      TORCH_CHECK_INDEX(query < 0, "neighbour_map_turned: row ", row, " is met under tap ", tap, " by queries ", query, " and ", q,
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
    std::vector<int64_t> next(taps);
    for (int64_t block = begin; block < end; ++block) {
      std::copy(starts + block * taps, starts + (block + 1) * taps, next.begin());
      for (int64_t row = block * kConvBlock; row < block_end(block); ++row)
        for (int64_t tap = 0; tap < taps; ++tap) {
          const int32_t in = map[row * taps + tap];
          if (in < 0) continue;
          in_rows[next[tap]] = in;
          out_rows[next[tap]++] = static_cast<int32_t>(row);
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
