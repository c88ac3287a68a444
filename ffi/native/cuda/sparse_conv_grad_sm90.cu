// The weight's gradient: a block of threads multiplies one tile of input by output channels over a slice of one tap's pairs after another. One group
// of four warps gathers the rows of kSlab pairs at a time, some steps ahead; the others multiply, 64 input channels each. A second kernel adds the
// slices of a tap in their order.

#include "gemm_tile.cuh"
#include "grid.cuh"
#include "sparse_conv_sm90.h"
#include "wgmma.cuh"

namespace earthcraft::gpu {
namespace {

constexpr int kGroup = 128;  // threads of four warps
constexpr int kAhead = 4;    // steps whose rows are looked up before they are fetched

template <int groups, int columns, int stages, int blocks>
struct Shape {
  static constexpr int kGroups = groups, kColumns = columns, kStages = stages, kBlocks = blocks;  // kBlocks: of threads on a multiprocessor
  static constexpr int kRows = groups * 64, kThreads = (groups + 1) * kGroup;
  static constexpr int kSlabBytes = kSlab * 128, kBytesA = groups * kSlabBytes, kBytesB = columns / kSlab * kSlabBytes;
  static constexpr int kBytes = stages * (kBytesA + kBytesB) + stages * 2 * 8 + 1024;
};

__device__ inline int slices_of(const ConvTapGrad& t, int64_t tap) {
  return static_cast<int>(blocks_for(t.pairs.starts[(tap + 1) * t.pairs.blocks] - t.pairs.starts[tap * t.pairs.blocks], t.length));
}

#ifdef EC_SM90

// The way of a block of threads through tiles of slices, kSlab pairs a step.
template <typename S>
struct Steps {
  const ConvTapGrad& t;
  int across, tiles, work;
  int in_first, out_first;                // channels of the tile
  int slice, tap = 0, first = 0, of_tap;  // the tap's first slice, and how many it has
  int64_t begin, end;                     // pairs of the slice from this step on

  __device__ explicit Steps(const ConvTapGrad& task)
      : t(task),
        across(static_cast<int>((t.out_channels + S::kColumns - 1) / S::kColumns)),
        tiles(across * static_cast<int>((t.in_channels + S::kRows - 1) / S::kRows)),
        work(blockIdx.x),
        of_tap(slices_of(t, 0)) {
    enter();
  }
  __device__ bool valid() const { return tap < t.pairs.taps; }
  __device__ void advance() {
    begin += kSlab;
    if (begin >= end) to_next_slice();
  }
  __device__ void to_next_slice() {
    work += gridDim.x;
    enter();
  }

 private:
  __device__ void enter() {
    slice = work / tiles;
    const int tile = work - slice * tiles;
    in_first = tile / across * S::kRows;
    out_first = tile % across * S::kColumns;
    while (slice >= first + of_tap) {
      first += of_tap;
      if (++tap == t.pairs.taps) return;
      of_tap = slices_of(t, tap);
    }
    begin = t.pairs.starts[tap * t.pairs.blocks] + (slice - first) * t.length;
    end = min(begin + t.length, t.pairs.starts[(tap + 1) * t.pairs.blocks]);
  }
};

template <typename S>
__device__ void fetch_rows(const ConvTapGrad& t, char* a, char* b, uint64_t* full, uint64_t* empty) {
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, chunk = lane % 8, line = lane / 8;
  const int to = swizzled(warp * 4 + line, chunk);
  const int in_bytes = static_cast<int>(t.in_channels) * 2, out_bytes = static_cast<int>(t.out_channels) * 2;
  const char *in = static_cast<const char*>(t.in), *grad = static_cast<const char*>(t.out_grad);
  // A warp fetches lines 4 warp to 4 warp + 3 of every sixteen; of these 16 pairs, the lower lanes look up the input rows and the upper the output
  // rows.
  const int32_t* list = lane < 16 ? t.pairs.in_rows : t.pairs.out_rows;
  const int mine = lane / 4 % 4 * 16 + warp * 4 + lane % 4;
  struct Fetch {
    int row, in_first, out_first;  // in_first: −1: the end
  };
  Steps<S> ahead(t);
  const auto look_up = [&]() -> Fetch {
    if (!ahead.valid()) return {-1, -1, 0};
    const Fetch found{ahead.begin + mine < ahead.end ? list[ahead.begin + mine] : -1, ahead.in_first, ahead.out_first};
    ahead.advance();
    return found;
  };
  Fetch coming[kAhead];
#pragma unroll
  for (Fetch& fetch : coming) fetch = look_up();
  for (Pipe<S::kStages> pipe; coming[0].in_first >= 0; pipe.advance()) {
    const int in_from = coming[0].in_first * 2 + chunk * 16, out_from = coming[0].out_first * 2 + chunk * 16, row = coming[0].row;
#pragma unroll
    for (int i = 0; i + 1 < kAhead; ++i) coming[i] = coming[i + 1];
    coming[kAhead - 1] = look_up();
    barrier_wait(empty + pipe.stage, pipe.phase ^ 1);
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const int in_row = __shfl_sync(0xFFFFFFFFu, row, j * 4 + line), out_row = __shfl_sync(0xFFFFFFFFu, row, 16 + j * 4 + line);
      const char* from_a = in + static_cast<int64_t>(in_row) * in_bytes + in_from;
      const char* from_b = grad + static_cast<int64_t>(out_row) * out_bytes + out_from;
      char* into_a = a + pipe.stage * S::kBytesA + to + j * 16 * 128;
      char* into_b = b + pipe.stage * S::kBytesB + to + j * 16 * 128;
#pragma unroll
      for (int slab = 0; slab < S::kGroups; ++slab) {
        const bool there = in_row >= 0 && in_from + slab * 128 < in_bytes;
        copy_async(into_a + slab * S::kSlabBytes, there ? from_a + slab * 128 : in, there);
      }
#pragma unroll
      for (int slab = 0; slab < S::kColumns / kSlab; ++slab) {
        const bool there = out_row >= 0 && out_from + slab * 128 < out_bytes;
        copy_async(into_b + slab * S::kSlabBytes, there ? from_b + slab * 128 : grad, there);
      }
    }
    barrier_arrive_after_copies(full + pipe.stage);
  }
}

// The only slice of a tap is its gradient; else sums wait for add_slices.
template <typename S>
__device__ void store_tile(const ConvTapGrad& t, const Steps<S>& at, float (&sums)[S::kColumns / 2]) {
  const int lane = threadIdx.x % 32, group = threadIdx.x / kGroup - 1;
  const int row = at.in_first + group * 64 + threadIdx.x % kGroup / 32 * 16 + lane / 4, column = at.out_first + lane % 4 * 2;
  const int64_t first = row * t.out_channels + column, size = t.in_channels * t.out_channels;
#pragma unroll
  for (int half = 0; half < 2; ++half)
#pragma unroll
    for (int i = 0; i < S::kColumns / 8; ++i) {
      if (row + half * 8 >= t.in_channels || column + i * 8 >= t.out_channels) continue;
      const float2 sum{sums[i * 4 + half * 2], sums[i * 4 + half * 2 + 1]};
      const int64_t to = first + half * 8 * t.out_channels + i * 8;
      if (at.of_tap == 1)
        *reinterpret_cast<__nv_bfloat162*>(static_cast<__nv_bfloat16*>(t.weight_grad) + at.tap * size + to) = __floats2bfloat162_rn(sum.x, sum.y);
      else
        *reinterpret_cast<float2*>(t.partial + at.slice * size + to) = sum;
    }
}

template <typename S>
__device__ void multiply_rows(const ConvTapGrad& t, const char* a, const char* b, uint64_t* full, uint64_t* empty) {
  const int group = threadIdx.x / kGroup - 1;
  const uint64_t a_first = operand<true>(a + group * S::kSlabBytes, S::kSlabBytes), b_first = operand<true>(b, S::kSlabBytes);
  const auto release = [&](int stage) {
    if (threadIdx.x % 32 == 0) barrier_arrive(empty + stage);
  };
  Pipe<S::kStages> pipe;
  for (Steps<S> at(t); at.valid(); at.to_next_slice()) {
    float sums[S::kColumns / 2];
    int open = -1;  // the stage that the tensor cores may be reading
    for (int64_t pair = at.begin; pair < at.end; pair += kSlab, pipe.advance()) {
      barrier_wait(full + pipe.stage, pipe.phase);
      fence_for_wgmma();
      wgmma_begin();
      const uint64_t left = a_first + pipe.stage * (S::kBytesA >> 4), right = b_first + pipe.stage * (S::kBytesB >> 4);
#pragma unroll
      for (int k = 0; k < kSlab / 16; ++k)
        multiply<true, true>(sums, left + k * kNextSixteen<true>, right + k * kNextSixteen<true>, open >= 0 || k > 0);
      wgmma_close();
      wgmma_await<1>();
      if (open >= 0) release(open);
      open = pipe.stage;
    }
    wgmma_await<0>();
    release(open);
    store_tile<S>(t, at, sums);
  }
}

#endif  // EC_SM90

template <typename S>
__global__ void __launch_bounds__(S::kThreads, S::kBlocks) slices_kernel(const __grid_constant__ ConvTapGrad t) {
#ifdef EC_SM90
  extern __shared__ char memory[];
  char* a = memory + (1024 - shared_address(memory) % 1024) % 1024;
  char* b = a + S::kStages * S::kBytesA;
  auto* full = reinterpret_cast<uint64_t*>(b + S::kStages * S::kBytesB);
  uint64_t* empty = full + S::kStages;
  if (threadIdx.x == 0) {
    for (int stage = 0; stage < S::kStages; ++stage) {
      barrier_init(full + stage, kGroup);
      barrier_init(empty + stage, S::kGroups * kGroup / 32);
    }
    barrier_init_seen();
  }
  __syncthreads();
  constexpr bool kWide = S::kColumns > 128;
  if (threadIdx.x < kGroup) {
    if (kWide) leave_registers<72>();
    fetch_rows<S>(t, a, b, full, empty);
  } else {
    if (kWide) take_registers<216>();
    multiply_rows<S>(t, a, b, full, empty);
  }
#endif
}

// A thread adds four elements of one tap.
__global__ void add_slices(ConvTapGrad t) {
  const int64_t size = t.in_channels * t.out_channels, at = thread_number() * 4, tap = blockIdx.y;
  if (at >= size) return;
  const int64_t slices = slices_of(t, tap);
  if (slices == 1) return;
  int64_t slice = 0;
  for (int64_t before = 0; before < tap; ++before) slice += slices_of(t, before);
  const int64_t end = slice + slices;
  float4 sum{0, 0, 0, 0};
  for (; slice < end; ++slice) {
    const float4 part = *reinterpret_cast<const float4*>(t.partial + slice * size + at);
    sum.x += part.x;
    sum.y += part.y;
    sum.z += part.z;
    sum.w += part.w;
  }
  const __nv_bfloat162 two[2] = {__floats2bfloat162_rn(sum.x, sum.y), __floats2bfloat162_rn(sum.z, sum.w)};
  *reinterpret_cast<uint2*>(static_cast<__nv_bfloat16*>(t.weight_grad) + tap * size + at) = *reinterpret_cast<const uint2*>(two);
}

struct Tile {
  int64_t rows, columns;
};
Tile tile_of(int64_t in_channels, int64_t out_channels) {
  const int64_t panels = (out_channels + 255) / 256, columns = (out_channels + panels - 1) / panels;
  if (in_channels <= 64 && columns <= 64) return {64, 64};
  return {128, columns <= 64 ? 64 : columns <= 128 ? 128 : columns <= 192 ? 192 : 256};
}

int processors() {
  int device = 0, count = 0;
  cudaGetDevice(&device);
  cudaDeviceGetAttribute(&count, cudaDevAttrMultiProcessorCount, device);
  return count;
}

template <typename S>
cudaError_t launch(const ConvTapGrad& t, cudaStream_t stream) {
  const int64_t works = t.slices * blocks_for(t.in_channels, S::kGroups * 64) * blocks_for(t.out_channels, S::kColumns);
  const int64_t most = static_cast<int64_t>(processors()) * S::kBlocks;
  const cudaError_t allowed = cudaFuncSetAttribute(slices_kernel<S>, cudaFuncAttributeMaxDynamicSharedMemorySize, S::kBytes);
  if (allowed != cudaSuccess) return allowed;
  slices_kernel<S><<<static_cast<unsigned>(works < most ? works : most), S::kThreads, S::kBytes, stream>>>(t);
  return cudaGetLastError();
}

}  // namespace

cudaError_t conv_weight_grad_sm90(const ConvTapGrad& t, cudaStream_t stream) {
  const int64_t size = t.in_channels * t.out_channels;
  if (size == 0 || t.pairs.taps == 0) return cudaSuccess;
  if (t.slices > 0) {
    const Tile tile = tile_of(t.in_channels, t.out_channels);
    cudaError_t launched = cudaSuccess;
    if (tile.rows == 64)
      launched = launch<Shape<1, 64, 4, 3>>(t, stream);
    else if (tile.columns == 64)
      launched = launch<Shape<2, 64, 4, 2>>(t, stream);
    else if (tile.columns == 128)
      launched = launch<Shape<2, 128, 6, 1>>(t, stream);
    else if (tile.columns == 192)
      launched = launch<Shape<2, 192, 5, 1>>(t, stream);
    else
      launched = launch<Shape<2, 256, 4, 1>>(t, stream);
    if (launched != cudaSuccess) return launched;
  }
  add_slices<<<dim3(static_cast<unsigned>(blocks_for(size, 4 * kThreads)), static_cast<unsigned>(t.pairs.taps)), kThreads, 0, stream>>>(t);
  return cudaGetLastError();
}

int64_t conv_slice_length(int64_t pairs, int64_t taps, int64_t in_channels, int64_t out_channels) {
  constexpr int64_t kShortest = 512, kPartials = int64_t{1} << 26;
  const Tile tile = tile_of(in_channels, out_channels);
  const int64_t tiles = blocks_for(in_channels, tile.rows) * blocks_for(out_channels, tile.columns), size = in_channels * out_channels;
  if (tiles == 0) return kShortest;
  // Tiles times slices: four or eight a multiprocessor of an H100. Where tiles alone are as many, a slice is a tap.
  const int64_t wanted = tiles < 8 ? 528 : 1056;
  if (tiles * taps >= wanted && pairs > 0) return (pairs + kSlab - 1) / kSlab * kSlab;
  int64_t slices = (wanted + tiles - 1) / tiles;
  if (slices * size > kPartials) slices = kPartials / size;
  if (slices < 1) slices = 1;
  const int64_t length = (pairs + slices - 1) / slices;
  return ((length < kShortest ? kShortest : length) + kSlab - 1) / kSlab * kSlab;
}

}  // namespace earthcraft::gpu
