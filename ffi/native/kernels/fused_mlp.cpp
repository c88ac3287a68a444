#include "fused_mlp.h"

#include "gemm_tile.h"

namespace earthcraft::EC_VARIANT {
namespace {

// A block of samples: [features, kMlpBlock] in scratch where it is not full, in place where it is.
struct Rows {
  const float* data;
  int64_t stride;
};

Rows block_of(const float* all, int64_t features, int64_t count, int64_t first, int64_t kept, float* scratch) {
  if (kept == kMlpBlock) return {all + first, count};
  for (int64_t f = 0; f < features; ++f)
    for (int64_t i = 0; i < kMlpBlock; ++i) scratch[f * kMlpBlock + i] = i < kept ? all[f * count + first + i] : 0;
  return {scratch, kMlpBlock};
}

// to [rows, kMlpBlock] for a block of `all` [rows, count]: written in place where the block is full.
template <typename Write>
void write_block(float* all, int64_t features, int64_t count, int64_t first, int64_t kept, float* scratch, Write&& write) {
  if (kept == kMlpBlock) return write(all + first, count);
  write(scratch, kMlpBlock);
  for (int64_t f = 0; f < features; ++f)
    for (int64_t i = 0; i < kept; ++i) all[f * count + first + i] = scratch[f * kMlpBlock + i];
}

// NaN stays NaN.
void relu(float* values, int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) values[i] = values[i] < 0 ? 0 : values[i];
}

// hidden[l] [widths[l + 1], kMlpBlock], l from 0 to layers - 2
void hidden_layers(const MlpShape& shape, const float* weights, const Rows& x, float* const* hidden) {
  Rows from = x;
  for (int l = 0; l + 1 < shape.layers; ++l) {
    const int64_t in = shape.widths[l], out = shape.widths[l + 1];
    multiply<false>(out, kMlpBlock, in, weights, in, from.data, from.stride, hidden[l], kMlpBlock, false);
    relu(hidden[l], out * kMlpBlock);
    from = {hidden[l], kMlpBlock};
    weights += in * out;
  }
}

}  // namespace

void mlp_forward(const MlpShape& shape, const float* weights, const float* x, int64_t count, int64_t begin, int64_t end, float* scratch, float* out) {
  float* edge = scratch;
  float* hidden[kMlpMostLayers];
  for (int l = 0; l < kMlpMostLayers; ++l) hidden[l] = scratch + kMlpBlock * (kMlpMostEnd + l % 2 * kMlpMostHidden);
  const int64_t inner = shape.widths[shape.layers - 1], outputs = shape.widths[shape.layers];
  const float* last = weights + shape.weights() - inner * outputs;
  for (int64_t first = begin; first < end; first += kMlpBlock) {
    const int64_t kept = least(kMlpBlock, end - first);
    hidden_layers(shape, weights, block_of(x, shape.widths[0], count, first, kept, edge), hidden);
    write_block(out, outputs, count, first, kept, edge, [&](float* to, int64_t stride) {
      multiply<false>(outputs, kMlpBlock, inner, last, inner, hidden[shape.layers - 2], kMlpBlock, to, stride, false);
    });
  }
}

void mlp_backward(const MlpShape& shape, const float* weights, const float* x, const float* out_grad, int64_t count, int64_t begin, int64_t end,
                  float* scratch, float* x_grad, float* weights_grad) {
  constexpr int64_t kEdge = kMlpBlock * kMlpMostEnd;
  float *edge = scratch, *turned = scratch + kEdge, *slopes[2] = {turned + kEdge, turned + 2 * kEdge};
  float* hidden[kMlpMostLayers];
  for (int l = 0; l < kMlpMostLayers; ++l) hidden[l] = slopes[1] + kEdge + l * kMlpBlock * kMlpMostHidden;
  for (int64_t first = begin; first < end; first += kMlpBlock) {
    const int64_t kept = least(kMlpBlock, end - first);
    const Rows input = block_of(x, shape.widths[0], count, first, kept, edge);
    hidden_layers(shape, weights, input, hidden);
    // Samples that pad the block have slopes 0: they add nothing.
    Rows slope = block_of(out_grad, shape.widths[shape.layers], count, first, kept, slopes[0]);
    const float* matrix = weights + shape.weights();
    float* matrix_grad = weights_grad == nullptr ? nullptr : weights_grad + shape.padded_weights();
    for (int l = shape.layers - 1; l >= 0; --l) {
      const int64_t in = shape.widths[l], out = shape.widths[l + 1], wide = MlpShape::padded(in);
      const Rows from = l == 0 ? input : Rows{hidden[l - 1], kMlpBlock};
      matrix -= in * out;
      if (matrix_grad != nullptr) {
        matrix_grad -= wide * out;
        for (int64_t f = 0; f < in / kLanes * kLanes; f += kLanes)
          for (int64_t i = 0; i < kMlpBlock; i += kLanes) transpose(from.data + f * from.stride + i, from.stride, turned + i * wide + f, wide);
        for (int64_t f = in / kLanes * kLanes; f < wide; ++f)
          for (int64_t i = 0; i < kMlpBlock; ++i) turned[i * wide + f] = f < in ? from.data[f * from.stride + i] : 0;
        multiply<false>(out, wide, kMlpBlock, slope.data, slope.stride, turned, wide, matrix_grad, wide, true);
      }
      if (l == 0) break;
      float* below = slopes[(shape.layers - l) % 2];
      multiply<true>(in, kMlpBlock, out, matrix, in, slope.data, slope.stride, below, kMlpBlock, false);
      const float* active = hidden[l - 1];
#pragma omp simd
      for (int64_t i = 0; i < in * kMlpBlock; ++i) below[i] = active[i] <= 0 ? 0 : below[i];
      slope = {below, kMlpBlock};
    }
    if (x_grad == nullptr) continue;
    write_block(x_grad, shape.widths[0], count, first, kept, edge, [&](float* to, int64_t stride) {
      multiply<true>(shape.widths[0], kMlpBlock, shape.widths[1], weights, shape.widths[0], slope.data, slope.stride, to, stride, false);
    });
  }
}

}  // namespace earthcraft::EC_VARIANT
