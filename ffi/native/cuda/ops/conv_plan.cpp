#include "conv_plan.h"

#include <ATen/ops/empty.h>

#include "launch.h"
#include "memory.h"
#include "sort.h"

namespace earthcraft::gpu {
namespace {

TiledPairs make_tiles(const Pairs& pairs, int64_t groups) {
  const OnDevice on(pairs.pairs);
  const int64_t rows = pairs.view.rows, taps = pairs.view.taps, tiles = (rows + kTileRows - 1) / kTileRows, most = (taps + groups - 1) / groups;
  const auto ints = pairs.pairs.options(), longs = pairs.starts.options();
  const at::Tensor table = at::empty({rows, taps}, ints), keys = at::empty({rows}, longs), numbers = at::empty({rows}, ints);
  conv_table(pairs.view, table.mutable_data_ptr<int32_t>(), on.stream());
  TiledPairs made;
  for (int64_t g = 0; g < groups; ++g) {
    const TapGroup group{g, groups};
    conv_tile_keys(table.const_data_ptr<int32_t>(), rows, taps, group, keys.mutable_data_ptr<int64_t>(), numbers.mutable_data_ptr<int32_t>(),
                   on.stream());
    const at::Tensor order = sort_pairs(keys, numbers, kTileKeyBits, on.stream()).second;
    const at::Tensor out_rows = at::empty({tiles, kTileRows}, ints), counts = at::empty({tiles}, ints), tap = at::empty({tiles, most}, ints),
                     in_rows = at::empty({tiles, most, kTileRows}, ints);
    const ConvTiles view{tiles,
                         most,
                         out_rows.mutable_data_ptr<int32_t>(),
                         counts.mutable_data_ptr<int32_t>(),
                         tap.mutable_data_ptr<int32_t>(),
                         in_rows.mutable_data_ptr<int32_t>()};
    const at::Tensor weights = at::empty({tiles}, longs), places = at::empty({tiles}, ints);
    conv_tile_weights(table.const_data_ptr<int32_t>(), rows, taps, group, order.const_data_ptr<int32_t>(), weights.mutable_data_ptr<int64_t>(),
                      places.mutable_data_ptr<int32_t>(), on.stream());
    const at::Tensor heaviest = sort_pairs(weights, places, kTileWeightBits, on.stream()).second;
    conv_tiles(table.const_data_ptr<int32_t>(), rows, taps, group, order.const_data_ptr<int32_t>(), heaviest.const_data_ptr<int32_t>(), view,
               on.stream());
    on.launched();
    made.held.insert(made.held.end(), {out_rows, counts, tap, in_rows});
    made.groups.push_back(view);
  }
  return made;
}

PairsByTap make_lists(const Pairs& pairs) {
  const OnDevice on(pairs.pairs);
  const int64_t blocks = (pairs.view.rows + kConvBlock - 1) / kConvBlock, count = pairs.pairs.size(1);
  const at::Tensor counts = at::empty({blocks * pairs.view.taps + 1}, pairs.starts.options());
  conv_tap_counts(pairs.view, counts.mutable_data_ptr<int64_t>(), on.stream());
  const at::Tensor starts = exclusive_sums(counts, on.stream()), lists = at::empty({2, count}, pairs.pairs.options());
  int32_t* in_rows = lists.mutable_data_ptr<int32_t>();
  conv_tap_pairs(pairs.view, starts.const_data_ptr<int64_t>(), in_rows, in_rows + count, on.stream());
  on.launched();
  return {{starts, lists}, {pairs.view.taps, blocks, in_rows, in_rows + count, starts.const_data_ptr<int64_t>()}};
}

}  // namespace

TiledPairs tiled_pairs(const Pairs& pairs, int64_t groups) {
  return Memory<TiledPairs>::of_process().of({pairs.pairs, pairs.starts}, groups, [&] { return make_tiles(pairs, groups); });
}

PairsByTap pairs_by_tap(const Pairs& pairs) {
  return Memory<PairsByTap>::of_process().of({pairs.pairs, pairs.starts}, 0, [&] { return make_lists(pairs); });
}

}  // namespace earthcraft::gpu
