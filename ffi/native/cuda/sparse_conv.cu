// A block of threads keeps the sums of kConvBlock output rows by one panel of output channels in shared memory while all taps pass: for each, it gathers
// the input rows of the tap's pairs, multiplies them by the tap's weight and adds the products to the rows they belong to. Only pairs that exist are
// multiplied (a surface voxel has 9 of 27 neighbours), nothing is written but the result, and sums go tap after tap: no atomics.

#include "sparse_conv.h"

#include "gemm_tile.cuh"
#include "grid.cuh"

namespace earthcraft::gpu {
namespace {

constexpr int kStages = 3;  // tiles in flight
constexpr int kBlock = static_cast<int>(kConvBlock);

// Tiles: pairs by output channels, in steps of input channels.
template <typename T>
struct ForwardTile {
  static constexpr int kPairs = 64, kPanel = 64, kDepth = 16;
};
template <>
struct ForwardTile<double> {
  static constexpr int kPairs = 64, kPanel = 32, kDepth = 16;
};
template <>
struct ForwardTile<__nv_bfloat16> {
  static constexpr int kPairs = 128, kPanel = 64, kDepth = 32;
};

// Goes over a block's pairs: tap after tap, tile after tile of its pairs, and through the input channels.
struct ForwardStep {
  int64_t tap, begin, end;  // of the tile's pairs
  int64_t depth;

  __device__ bool valid(const ConvForward& t) const { return tap < t.pairs.taps; }
  __device__ int64_t tap_end(const ConvForward& t) const { return t.pairs.starts[blockIdx.x * t.pairs.taps + tap + 1]; }

  __device__ void to_tap(const ConvForward& t, int64_t first, int pairs) {
    for (tap = first; tap < t.pairs.taps; ++tap) {
      begin = t.pairs.starts[blockIdx.x * t.pairs.taps + tap];
      end = min(begin + pairs, tap_end(t));
      depth = 0;
      if (end > begin) return;
    }
  }

  __device__ bool last_of_tile(const ConvForward& t, int step) const { return depth + step >= t.in_channels; }

  __device__ void advance(const ConvForward& t, int pairs, int step) {
    depth += step;
    if (depth < t.in_channels) return;
    const int64_t tail = tap_end(t);
    if (end == tail) return to_tap(t, tap + 1, pairs);
    begin = end;
    end = min(begin + pairs, tail);
    depth = 0;
  }
};

template <typename T>
struct ForwardShared {
  using Tile = ForwardTile<T>;
  using Product = TileProduct<T, Tile::kPairs, Tile::kPanel, Tile::kDepth, false>;
  static constexpr int kStride = Tile::kPanel + 8;  // of the sums, so that neighbouring rows meet different banks
  alignas(16) T a[kStages][Tile::kPairs * Product::kStrideA];
  alignas(16) T b[kStages][Tile::kDepth * Product::kStrideB];
  alignas(16) sum_t<T> sums[kBlock * kStride];
};

template <typename T>
__device__ void fetch(const ConvForward& t, const ForwardStep& at, int64_t panel, T* a, T* b) {
  using Shared = ForwardShared<T>;
  using Tile = ForwardTile<T>;
  constexpr int kCopy = kPerCopy<T>, kAcross = Tile::kDepth / kCopy, kWide = Tile::kPanel / kCopy;
  const T* in = static_cast<const T*>(t.in);
  const T* weight = static_cast<const T*>(t.weight) + (t.mirrored ? t.pairs.taps - 1 - at.tap : at.tap) * t.in_channels * t.out_channels;
  for (int i = threadIdx.x; i < Tile::kPairs * kAcross; i += kThreads) {
    const int pair = i / kAcross, k = i % kAcross * kCopy;
    const bool there = at.begin + pair < at.end && at.depth + k < t.in_channels;
    const T* from = there ? in + t.pairs.in_rows[at.begin + pair] * t.in_channels + at.depth + k : in;
    copy_async(a + pair * Shared::Product::kStrideA + k, from, there);
  }
  for (int i = threadIdx.x; i < Tile::kDepth * kWide; i += kThreads) {
    const int k = i / kWide, column = i % kWide * kCopy;
    const bool there = at.depth + k < t.in_channels && panel + column < t.out_channels;
    copy_async(b + k * Shared::Product::kStrideB + column, there ? weight + (at.depth + k) * t.out_channels + panel + column : weight, there);
  }
}

template <typename T>
__global__ void __launch_bounds__(kThreads) forward_kernel(ConvForward t) {
  using Shared = ForwardShared<T>;
  using Tile = ForwardTile<T>;
  using Sum = sum_t<T>;
  extern __shared__ __align__(16) char memory[];
  Shared& s = *reinterpret_cast<Shared*>(memory);
  const int64_t first = static_cast<int64_t>(blockIdx.x) * kBlock, panel = static_cast<int64_t>(blockIdx.y) * Tile::kPanel;
  const Sum* bias = static_cast<const Sum*>(t.bias);
  for (int i = threadIdx.x; i < kBlock * Tile::kPanel; i += kThreads) {
    const int column = i % Tile::kPanel;
    s.sums[i / Tile::kPanel * Shared::kStride + column] = bias != nullptr && panel + column < t.out_channels ? bias[panel + column] : Sum(0);
  }

  ForwardStep now, ahead;
  now.to_tap(t, 0, Tile::kPairs);
  ahead = now;
  for (int stage = 0; stage < kStages - 1; ++stage) {
    if (ahead.valid(t)) {
      fetch<T>(t, ahead, panel, s.a[stage], s.b[stage]);
      ahead.advance(t, Tile::kPairs, Tile::kDepth);
    }
    close_copies();
  }
  typename Shared::Product product;
  for (int stage = 0; now.valid(t); stage = (stage + 1) % kStages) {
    await_copies<kStages - 2>();
    // All have this step's tile, and all are done with the tile that is overwritten next and with the rows they added to.
    __syncthreads();
    if (ahead.valid(t)) {
      const int free = (stage + kStages - 1) % kStages;
      fetch<T>(t, ahead, panel, s.a[free], s.b[free]);
      ahead.advance(t, Tile::kPairs, Tile::kDepth);
    }
    close_copies();
    const int pairs = static_cast<int>(now.end - now.begin);
    product.add(s.a[stage], s.b[stage], pairs);
    if (now.last_of_tile(t, Tile::kDepth)) {
      const int32_t* rows = t.pairs.out_rows + now.begin;
      product.each_two([&](int pair, int column, Sum left, Sum right) {
        if (pair >= pairs) return;
        Sum* to = s.sums + (rows[pair] - first) * Shared::kStride + column;
        to[0] += left;
        to[1] += right;
      });
      product.clear();
    }
    now.advance(t, Tile::kPairs, Tile::kDepth);
  }
  await_copies<0>();
  __syncthreads();

  T* out = static_cast<T*>(t.out);
  constexpr int kCopy = kPerCopy<T>, kWide = Tile::kPanel / kCopy;
  for (int i = threadIdx.x; i < kBlock * kWide; i += kThreads) {
    const int row = i / kWide, column = i % kWide * kCopy;
    if (first + row >= t.pairs.rows || panel + column >= t.out_channels) continue;
    alignas(16) T values[kCopy];
#pragma unroll
    for (int j = 0; j < kCopy; ++j) values[j] = narrow<T>(s.sums[row * Shared::kStride + column + j]);
    *reinterpret_cast<int4*>(out + (first + row) * t.out_channels + panel + column) = *reinterpret_cast<const int4*>(values);
  }
}

constexpr int kSide = 64;  // input and output channels of a tile of the weight's gradient

template <typename T>
constexpr int kPairStep = sizeof(T) == 8 ? 16 : 32;

// Goes over one tap's pairs in a slice of blocks.
struct GradStep {
  int64_t block, begin, end;

  __device__ void to_block(const ConvPairs& pairs, int64_t tap, int64_t from, int64_t last, int step) {
    for (block = from; block < last; ++block) {
      begin = pairs.starts[block * pairs.taps + tap];
      end = min(begin + step, pairs.starts[block * pairs.taps + tap + 1]);
      if (end > begin) return;
    }
  }
  __device__ void advance(const ConvPairs& pairs, int64_t tap, int64_t last, int step) {
    const int64_t tail = pairs.starts[block * pairs.taps + tap + 1];
    if (end == tail) return to_block(pairs, tap, block + 1, last, step);
    begin = end;
    end = min(begin + step, tail);
  }
};

template <typename T>
struct GradShared {
  using Product = TileProduct<T, kSide, kSide, kPairStep<T>, true>;
  alignas(16) T a[kStages][kPairStep<T> * Product::kStrideA];
  alignas(16) T b[kStages][kPairStep<T> * Product::kStrideB];
};

// Rows of feats by row number, kSide channels from `first`.
template <typename T>
__device__ void fetch_rows(const T* feats, int64_t channels, int64_t first, const int32_t* rows, int64_t count, T* to) {
  constexpr int kCopy = kPerCopy<T>, kWide = kSide / kCopy;
  for (int i = threadIdx.x; i < kPairStep<T> * kWide; i += kThreads) {
    const int pair = i / kWide, column = i % kWide * kCopy;
    const bool there = pair < count && first + column < channels;
    copy_async(to + pair * (kSide + kCopy) + column, there ? feats + rows[pair] * channels + first + column : feats, there);
  }
}

template <typename T>
__global__ void __launch_bounds__(kThreads) weight_grad_kernel(ConvWeightGrad t) {
  using Shared = GradShared<T>;
  extern __shared__ __align__(16) char memory[];
  Shared& s = *reinterpret_cast<Shared*>(memory);
  const int64_t across = (t.out_channels + kSide - 1) / kSide;
  const int64_t in_first = blockIdx.x / across * kSide, out_first = blockIdx.x % across * kSide, tap = blockIdx.y, slice = blockIdx.z;
  const int64_t blocks = (t.pairs.rows + kBlock - 1) / kBlock, last = (slice + 1) * blocks / t.slices;
  const T* in = static_cast<const T*>(t.in);
  const T* grad = static_cast<const T*>(t.out_grad);
  const auto fetch_step = [&](const GradStep& at, int stage) {
    fetch_rows(in, t.in_channels, in_first, t.pairs.in_rows + at.begin, at.end - at.begin, s.a[stage]);
    fetch_rows(grad, t.out_channels, out_first, t.pairs.out_rows + at.begin, at.end - at.begin, s.b[stage]);
  };

  GradStep now, ahead;
  now.to_block(t.pairs, tap, slice * blocks / t.slices, last, kPairStep<T>);
  ahead = now;
  for (int stage = 0; stage < kStages - 1; ++stage) {
    if (ahead.block < last) {
      fetch_step(ahead, stage);
      ahead.advance(t.pairs, tap, last, kPairStep<T>);
    }
    close_copies();
  }
  typename Shared::Product product;
  for (int stage = 0; now.block < last; stage = (stage + 1) % kStages) {
    await_copies<kStages - 2>();
    __syncthreads();
    if (ahead.block < last) {
      fetch_step(ahead, (stage + kStages - 1) % kStages);
      ahead.advance(t.pairs, tap, last, kPairStep<T>);
    }
    close_copies();
    product.add(s.a[stage], s.b[stage], kSide);
    now.advance(t.pairs, tap, last, kPairStep<T>);
  }
  await_copies<0>();

  using Sum = sum_t<T>;
  Sum* to = static_cast<Sum*>(t.partial) + (slice * t.pairs.taps + tap) * t.in_channels * t.out_channels;
  product.each_two([&](int i, int j, Sum left, Sum right) {
    if (in_first + i >= t.in_channels || out_first + j >= t.out_channels) return;  // channels are even
    Sum* at = to + (in_first + i) * t.out_channels + out_first + j;
    at[0] = left;
    at[1] = right;
  });
}

template <typename T>
void launch_forward(const ConvForward& t, cudaStream_t stream) {
  const int64_t blocks = blocks_for(t.pairs.rows, kBlock), panels = blocks_for(t.out_channels, ForwardTile<T>::kPanel);
  if (blocks == 0 || panels == 0) return;
  constexpr int kBytes = sizeof(ForwardShared<T>);
  cudaFuncSetAttribute(forward_kernel<T>, cudaFuncAttributeMaxDynamicSharedMemorySize, kBytes);
  forward_kernel<T><<<dim3(static_cast<unsigned>(blocks), static_cast<unsigned>(panels)), kThreads, kBytes, stream>>>(t);
}

template <typename T>
void launch_weight_grad(const ConvWeightGrad& t, cudaStream_t stream) {
  const int64_t tiles = blocks_for(t.in_channels, kSide) * blocks_for(t.out_channels, kSide);
  if (tiles == 0 || t.pairs.taps == 0) return;
  constexpr int kBytes = sizeof(GradShared<T>);
  cudaFuncSetAttribute(weight_grad_kernel<T>, cudaFuncAttributeMaxDynamicSharedMemorySize, kBytes);
  const dim3 grid(static_cast<unsigned>(tiles), static_cast<unsigned>(t.pairs.taps), static_cast<unsigned>(t.slices));
  weight_grad_kernel<T><<<grid, kThreads, kBytes, stream>>>(t);
}

constexpr int largest(int a, int b) { return a > b ? a : b; }

}  // namespace

ConvRoom conv_room(int device) {
  constexpr int kForward = largest(sizeof(ForwardShared<float>), largest(sizeof(ForwardShared<double>), sizeof(ForwardShared<__nv_bfloat16>)));
  constexpr int kGrad = largest(sizeof(GradShared<float>), largest(sizeof(GradShared<double>), sizeof(GradShared<__nv_bfloat16>)));
  ConvRoom room{largest(kForward, kGrad), 0};
  cudaFuncAttributes attributes;
  if (cudaFuncGetAttributes(&attributes, forward_kernel<float>) != cudaSuccess) {
    cudaGetLastError();  // else the next launch reports it
    room.needed = 0;
  }
  cudaDeviceGetAttribute(&room.there, cudaDevAttrMaxSharedMemoryPerBlockOptin, device);
  return room;
}

void conv_forward(Element element, const ConvForward& task, cudaStream_t stream) {
  if (element == Element::f32) launch_forward<float>(task, stream);
  if (element == Element::f64) launch_forward<double>(task, stream);
  if (element == Element::bf16) launch_forward<__nv_bfloat16>(task, stream);
}

void conv_weight_grad(Element element, const ConvWeightGrad& task, cudaStream_t stream) {
  if (element == Element::f32) launch_weight_grad<float>(task, stream);
  if (element == Element::f64) launch_weight_grad<double>(task, stream);
  if (element == Element::bf16) launch_weight_grad<__nv_bfloat16>(task, stream);
}

int64_t conv_weight_slices(int64_t rows, int64_t taps, int64_t in_channels, int64_t out_channels) {
  constexpr int64_t kWanted = 1056;  // blocks of threads: eight a multiprocessor of an H100
  constexpr int64_t kPartials = int64_t{1} << 26;
  const int64_t tiles = blocks_for(in_channels, kSide) * blocks_for(out_channels, kSide) * taps, size = taps * in_channels * out_channels;
  if (tiles == 0) return 1;
  const int64_t filling = (kWanted + tiles - 1) / tiles, working = blocks_for(rows, kBlock) / 2, fitting = kPartials / size;
  const int64_t slices = filling < working ? filling : working, most = slices < fitting ? slices : fitting;
  return most < 1 ? 1 : most;
}

}  // namespace earthcraft::gpu
