// Projects splats, sorts each view's by depth and deals them to its tiles: a counting sort by tile of what a radix sort put in order.
//
// Few views are cut into parts, a part a thread; many go view by view. Orders are unique (depth, then index), so neither shows in the result.

#include "splat_bins.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "radix_sort.h"

namespace earthcraft {
namespace {

// Tiles that a splat may touch: columns [x0, x1], rows [y0, y1]. Nothing: x1 < x0.
struct TileBox {
  int16_t x0, x1, y0, y1;
  int64_t size() const { return int64_t{x1 - x0 + 1} * (y1 - y0 + 1); }
};

TileBox box_of(const SplatOnScreen& s) {
  if (s.x1 < s.x0) return {0, -1, 0, -1};
  return {static_cast<int16_t>(s.x0 / kSplatTile), static_cast<int16_t>(s.x1 / kSplatTile), static_cast<int16_t>(s.y0 / kSplatTile),
          static_cast<int16_t>(s.y1 / kSplatTile)};
}

// One view, cut into parts that run beside each other.
class ViewBins {
 public:
  ViewBins(const SplatScene& scene, const SplatOnScreen* on_screen, int64_t seen, int64_t parts)
      : across_(scene.tiles_across()), tiles_(scene.tiles()), on_screen_(on_screen), seen_(seen), parts_(parts), boxes_(new TileBox[seen]) {}

  // @param slots [seen]  @param counts [tiles], entries of each tile
  void sort(int64_t* slots, int64_t* counts) {
    struct Share {
      int64_t visible, tiles;
    };
    std::vector<Share> before(parts_ + 1);
    each([&](int64_t part) {
      Share share{};
      for (int64_t i = begin_of(part, seen_); i < begin_of(part + 1, seen_); ++i) {
        boxes_[i] = box_of(on_screen_[i]);
        share.visible += boxes_[i].x1 >= 0;
        share.tiles += boxes_[i].size();
      }
      before[part + 1] = share;
    });
    for (int64_t part = 0; part < parts_; ++part) {
      before[part + 1].visible += before[part].visible;
      before[part + 1].tiles += before[part].tiles;
    }
    order_.resize(before[parts_].visible);
    each([&](int64_t part) {
      auto [at, slot] = before[part];
      for (int64_t i = begin_of(part, seen_); i < begin_of(part + 1, seen_); ++i) {
        slots[i] = slot;
        if (boxes_[i].x1 < 0) continue;
        uint32_t key;  // positive floats sort like their bits
        std::memcpy(&key, &on_screen_[i].depth, 4);
        order_[at++] = {key, static_cast<int32_t>(i)};
        slot += boxes_[i].size();
      }
    });
    std::vector<Keyed<uint32_t>> scratch;
    radix_sort(order_, scratch, parts_, [&](const auto& f) { each(f); });

    cursors_.assign(parts_ * tiles_, 0);
    each([&](int64_t part) { each_entry(part, [count = cursors_.data() + part * tiles_](int64_t tile, int32_t) { ++count[tile]; }); });
    for (int64_t tile = 0; tile < tiles_; ++tile)
      for (int64_t part = 0; part < parts_; ++part) counts[tile] += cursors_[part * tiles_ + tile];
  }

  // @param starts [tiles], into entries
  void deal(const int64_t* starts, int32_t* entries) {
    for (int64_t tile = 0; tile < tiles_; ++tile) {
      int64_t at = starts[tile];
      for (int64_t part = 0; part < parts_; ++part) {
        const int64_t count = cursors_[part * tiles_ + tile];
        cursors_[part * tiles_ + tile] = at;
        at += count;
      }
    }
    each([&](int64_t part) {
      each_entry(part, [&, cursor = cursors_.data() + part * tiles_](int64_t tile, int32_t splat) { entries[cursor[tile]++] = splat; });
    });
  }

 private:
  int64_t begin_of(int64_t part, int64_t count) const { return count * part / parts_; }

  template <typename F>
  void each(const F& f) const {
    at::parallel_for(0, parts_, 1, [&](int64_t begin, int64_t end) {
      for (int64_t part = begin; part < end; ++part) f(part);
    });
  }

  // Calls f(tile, splat) for a part of the order.
  template <typename F>
  void each_entry(int64_t part, F f) const {
    const int64_t count = static_cast<int64_t>(order_.size()), end = begin_of(part + 1, count);
    for (int64_t i = begin_of(part, count); i < end; ++i) {
      if (i + 8 < end) __builtin_prefetch(boxes_.get() + order_[i + 8].index);
      const TileBox box = boxes_[order_[i].index];
      for (int64_t y = box.y0; y <= box.y1; ++y)
        for (int64_t x = box.x0; x <= box.x1; ++x) f(y * across_ + x, order_[i].index);
    }
  }

  int64_t across_, tiles_;
  const SplatOnScreen* on_screen_;
  int64_t seen_, parts_;
  std::unique_ptr<TileBox[]> boxes_;
  std::vector<Keyed<uint32_t>> order_;
  std::vector<int64_t> cursors_;  // [parts, tiles]
};

}  // namespace

SplatBins bin_splats(const SplatScene& scene) {
  const int64_t views = scene.views(), tiles = scene.tiles(), rows = scene.row[views];
  SplatBins bins;
  bins.on_screen_R16 = at::empty({rows, 16}, scene.means_M3.options());
  bins.slots_R = at::empty({rows}, scene.means_M3.options().dtype(at::kLong));
  bins.starts_T1 = at::empty({views * tiles + 1}, bins.slots_R.options());
  auto* on_screen = reinterpret_cast<SplatOnScreen*>(bins.on_screen_R16.data_ptr<float>());
  for (int64_t v = 0; v < views; ++v) {
    const SplatProjection job = scene.projection(v, on_screen + scene.row[v]);
    at::parallel_for(0, scene.seen[v], 1 << 10, [&](int64_t begin, int64_t end) { EC_KERNEL(splat_project)(job, begin, end); });
  }
  const bool by_view = views >= at::get_num_threads();
  const auto each_view = [&](const auto& f) {
    const auto range = [&](int64_t begin, int64_t end) {
      for (int64_t v = begin; v < end; ++v) f(v);
    };
    by_view ? at::parallel_for(0, views, 1, range) : range(0, views);
  };
  std::vector<ViewBins> of_view;
  for (int64_t v = 0; v < views; ++v) of_view.emplace_back(scene, on_screen + scene.row[v], scene.seen[v], by_view ? 1 : at::get_num_threads());
  int64_t* starts = bins.starts_T1.data_ptr<int64_t>();
  std::fill_n(starts, views * tiles + 1, 0);
  each_view([&](int64_t v) { of_view[v].sort(bins.slots_R.data_ptr<int64_t>() + scene.row[v], starts + v * tiles); });
  int64_t total = 0;
  for (int64_t t = 0; t <= views * tiles; ++t) {
    const int64_t count = starts[t];
    starts[t] = total;
    total += count;
  }
  bins.entries_I = at::empty({total}, scene.means_M3.options().dtype(at::kInt));
  each_view([&](int64_t v) { of_view[v].deal(starts + v * tiles, bins.entries_I.data_ptr<int32_t>()); });
  return bins;
}

}  // namespace earthcraft
