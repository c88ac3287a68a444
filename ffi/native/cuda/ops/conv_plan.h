// The orders of a convolution's pairs that conv_forward_sm90 and conv_weight_grad_sm90 take, built once for the layers and passes that share the
// pairs.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "../conv_tiles.h"

namespace earthcraft::gpu {

// Tensors of conv_pairs, contiguous, and what kernels read of them.
struct Pairs {
  at::Tensor pairs, starts;
  ConvPairs view;
};

struct TiledPairs {
  std::vector<at::Tensor> held;
  std::vector<ConvTiles> groups;  // group g has the taps g, g + groups, g + 2 groups ...
};
TiledPairs tiled_pairs(const Pairs& pairs, int64_t groups);

struct PairsByTap {
  std::vector<at::Tensor> held;
  TapPairs view;
};
PairsByTap pairs_by_tap(const Pairs& pairs);

}  // namespace earthcraft::gpu
