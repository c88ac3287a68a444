#include "sets.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/argsort.h>
#include <ATen/ops/cumsum.h>
#include <ATen/ops/diff.h>
#include <ATen/ops/floor_divide.h>
#include <ATen/ops/zeros.h>

#include "memory.h"

namespace earthcraft::gpu {

int64_t longest_set(const at::Tensor& starts) {
  if (starts.size(0) < 2) return 0;
  return Memory<int64_t>::of_process().of({starts}, 0, [&] { return at::diff(starts).max().item<int64_t>(); });
}

int64_t sets_beyond(const at::Tensor& starts, int64_t tokens) {
  // The number 0 is longest_set's.
  return Memory<int64_t>::of_process().of({starts}, 1 + tokens, [&] { return at::diff(starts).gt(tokens).sum().item<int64_t>(); });
}

at::Tensor longest_first(const at::Tensor& starts) {
  return Memory<at::Tensor>::of_process().of({starts}, 0, [&] { return at::argsort(at::diff(starts), /*stable=*/true, 0, /*descending=*/true); });
}

at::Tensor tiles_of_sets(const at::Tensor& starts, int64_t tile) {
  return Memory<at::Tensor>::of_process().of({starts}, tile, [&] {
    const int64_t sets = starts.size(0) - 1;
    at::Tensor tiles = at::zeros({sets + 1}, starts.options());
    if (sets > 0) tiles.narrow(0, 1, sets).copy_(at::cumsum(at::floor_divide(at::diff(starts) + (tile - 1), tile), 0));
    return tiles;
  });
}

}  // namespace earthcraft::gpu
