// A block of threads multiplies one tile of output rows by one panel of output channels after another, with the sums in registers over all taps of
// the tile. One group of four warps fetches: it gathers input rows by asynchronous copies and has the weight's boxes copied by TMA, some steps of
// kSlab input channels ahead; two groups multiply, 64 rows each.

#include <cuda.h>

#include "bf16_pairs.cuh"
#include "gemm_tile.cuh"
#include "grid.cuh"
#include "sparse_conv_sm90.h"
#include "wgmma.cuh"

namespace earthcraft::gpu {
namespace {

constexpr int kGroup = 128;                // threads of four warps
constexpr int kBlockThreads = 3 * kGroup;  // one group fetches, two multiply
constexpr int kAhead = 4;                  // taps whose rows are looked up before they are fetched

template <int columns, int stages, int blocks>
struct Shape {
  static constexpr int kColumns = columns, kStages = stages, kBlocks = blocks;  // kBlocks: of threads on a multiprocessor
  static constexpr int kBytesA = kTileRows * 128, kBytesB = columns * 128;
  static constexpr int kBytes = stages * (kBytesA + kBytesB) + stages * (2 * 8 + 4) + 1024;
};

template <typename S>
struct Stages {
  char *a, *b;
  uint64_t *full, *empty;
  int32_t* halves;  // of a stage's rows that have its tap

  __device__ explicit Stages(char* from)
      : a(from + (1024 - shared_address(from) % 1024) % 1024),
        b(a + S::kStages * S::kBytesA),
        full(reinterpret_cast<uint64_t*>(b + S::kStages * S::kBytesB)),
        empty(full + S::kStages),
        halves(reinterpret_cast<int32_t*>(empty + S::kStages)) {}
};

#ifdef EC_SM90

// A block's way through tiles and panels. The heaviest tiles come first and are dealt to and fro, the last round from the block that has least, so
// all blocks have about as much to do.
template <typename S>
struct Works {
  const ConvTiled& t;
  int panels, works, work, round = 0;

  __device__ explicit Works(const ConvTiled& task)
      : t(task),
        panels(static_cast<int>((t.out_channels + S::kColumns - 1) / S::kColumns)),
        works(static_cast<int>(t.tiles.tiles) * panels),
        work(blockIdx.x) {}
  __device__ bool valid() const { return work < works; }
  __device__ int64_t tile() const { return work / panels; }
  __device__ int column() const { return work % panels * S::kColumns; }  // of the panel's first
  __device__ int taps() const { return valid() ? t.tiles.counts[tile()] : 0; }
  __device__ void advance() {
    ++round;
    const bool back = round % 2 == 1 || (round + 1) * gridDim.x >= works;
    work = round * gridDim.x + (back ? gridDim.x - 1 - blockIdx.x : blockIdx.x);
  }
};

// What is fetched in the next steps: one tap of a tile.
struct Fetch {
  int row, tap, column;  // row: the one of its tile that this lane looks up, −1: none; tap: with its halves, −1: the end
};

// Looks up one tap after another, and how many taps a tile has while the one before it is under way.
template <typename S>
struct Taps {
  Works<S> next_work;
  int line, left = 0, next_left, column;  // left: taps of the tile
  int64_t at;                             // the next one in the tiles' lists

  __device__ Taps(const ConvTiled& t, int of_line) : next_work(t), line(of_line), next_left(next_work.taps()) {}
  __device__ Fetch next() {
    const ConvTiles& tiles = next_work.t.tiles;
    while (left == 0) {
      if (!next_work.valid()) return {-1, -1, 0};
      left = next_left;
      column = next_work.column();
      at = next_work.tile() * tiles.taps;
      next_work.advance();
      next_left = next_work.taps();
    }
    const Fetch found{tiles.in_rows[at * kTileRows + line], tiles.tap[at], column};
    --left;
    ++at;
    return found;
  }
};

template <typename S, bool turned>
__device__ void fetch_tiles(const CUtensorMap& weight, const ConvTiled& t, const Stages<S>& m) {
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, chunk = lane % 8, line = lane / 8;
  const int to = swizzled(warp * 4 + line, chunk);
  const int depth = static_cast<int>(t.in_channels), row_bytes = depth * 2;
  const char* in = static_cast<const char*>(t.in);
  // A warp fetches lines 4 warp to 4 warp + 3 of every sixteen; a lane looks up the row of one of these 32.
  Taps<S> taps(t, lane / 4 * 16 + warp * 4 + lane % 4);
  Fetch coming[kAhead];
#pragma unroll
  for (Fetch& fetch : coming) fetch = taps.next();
  Pipe<S::kStages> pipe;
  while (coming[0].tap >= 0) {
    const Fetch now = coming[0];
#pragma unroll
    for (int i = 0; i + 1 < kAhead; ++i) coming[i] = coming[i + 1];
    coming[kAhead - 1] = taps.next();
    const int tap = now.tap & kTapBits, of = t.mirrored ? static_cast<int>(t.taps) - 1 - tap : tap;
    int rows[8];
#pragma unroll
    for (int j = 0; j < 8; ++j) rows[j] = __shfl_sync(0xFFFFFFFFu, now.row, j * 4 + line);
    for (int k = 0; k < depth; k += kSlab, pipe.advance()) {
      barrier_wait(m.empty + pipe.stage, pipe.phase ^ 1);
      if (threadIdx.x == 0) {
        m.halves[pipe.stage] = now.tap;
        barrier_arrive_expecting(m.full + pipe.stage, S::kBytesB);
#pragma unroll
        for (int slab = 0; slab < S::kColumns / kSlab; ++slab) {
          const int column = now.column + slab * kSlab;
          copy_box(m.b + pipe.stage * S::kBytesB + slab * kSlab * 128, &weight, turned ? k : column, turned ? column : k, of, m.full + pipe.stage);
        }
      }
      const bool inside = k + chunk * 8 < depth;
      const char* from = in + k * 2 + chunk * 16;
      char* into = m.a + pipe.stage * S::kBytesA + to;
#pragma unroll
      for (int j = 0; j < 8; ++j) {
        const bool there = inside && rows[j] >= 0;
        copy_async(into + j * 16 * 128, there ? from + static_cast<int64_t>(rows[j]) * row_bytes : in, there);
      }
      barrier_arrive_after_copies(m.full + pipe.stage);
    }
  }
}

// What a thread adds to its sums of columns 32 block to 32 block + 31, read before it is needed.
struct Before {
  float2 of[2][4];

  __device__ void read(const ConvTiled& t, const int (&rows)[2], int column) {
    const int channels = static_cast<int>(t.out_channels);
#pragma unroll
    for (int half = 0; half < 2; ++half)
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const float* from = t.first ? t.bias : t.partial + static_cast<int64_t>(rows[half]) * channels;
        const bool there = rows[half] >= 0 && column + i * 8 < channels && (!t.first || t.bias != nullptr);
        of[half][i] = there ? *reinterpret_cast<const float2*>(from + column + i * 8) : float2{0, 0};
      }
  }
};

template <int columns>
__device__ void store_tile(const ConvTiled& t, const int (&rows)[2], int panel, float (&sums)[columns / 2]) {
  const int quarter = threadIdx.x % 4, channels = static_cast<int>(t.out_channels), first = panel + quarter * 2;
  constexpr bool kEarly = columns > 64;
  Before before, next;
  if (kEarly) before.read(t, rows, first);
#pragma unroll
  for (int block = 0; block < columns / 32; ++block) {
    if (!kEarly) before.read(t, rows, first + block * 32);
    if (kEarly && block + 1 < columns / 32) next.read(t, rows, first + (block + 1) * 32);
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      unsigned packed[4];
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const float* sum = sums + (block * 4 + i) * 4 + half * 2;
        const float2 total{sum[0] + before.of[half][i].x, sum[1] + before.of[half][i].y};
        const int column = first + block * 32 + i * 8;
        if (!t.last && rows[half] >= 0 && column < channels)
          *reinterpret_cast<float2*>(t.partial + static_cast<int64_t>(rows[half]) * channels + column) = total;
        packed[i] = pack(total.x, total.y);
      }
      if (!t.last) continue;
      turn_four(packed);
      const int column = panel + block * 32 + quarter * 8;
      if (rows[half] >= 0 && column < channels)
        *reinterpret_cast<uint4*>(static_cast<__nv_bfloat16*>(t.out) + static_cast<int64_t>(rows[half]) * channels + column) =
            make_uint4(packed[0], packed[1], packed[2], packed[3]);
    }
    if (kEarly) before = next;
  }
}

template <typename S, bool turned>
__device__ void multiply_tiles(const ConvTiled& t, const Stages<S>& m) {
  const int group = threadIdx.x / kGroup - 1, lane = threadIdx.x % 32, row = group * 64 + threadIdx.x % kGroup / 32 * 16 + lane / 4;
  const int32_t half = group == 0 ? kFirstHalf : kSecondHalf;
  const uint64_t a_first = operand<false>(m.a + group * 64 * 128, 0), b_first = operand<!turned>(m.b, kSlab * 128);
  const auto release = [&](int stage) {
    if (lane == 0) barrier_arrive(m.empty + stage);
  };
  const int deep = static_cast<int>((t.in_channels + kSlab - 1) / kSlab);
  int next_taps = 0, next_rows[2] = {-1, -1};  // looked up a tile ahead
  const auto look_up = [&](const Works<S>& works) {
    if (!works.valid()) return;
    next_taps = works.taps();
    next_rows[0] = t.tiles.out_rows[works.tile() * kTileRows + row];
    next_rows[1] = t.tiles.out_rows[works.tile() * kTileRows + row + 8];
  };
  Pipe<S::kStages> pipe;
  Works<S> works(t);
  look_up(works);
  while (works.valid()) {
    const int steps = next_taps * deep, column = works.column(), rows[2] = {next_rows[0], next_rows[1]};
    works.advance();
    look_up(works);
    float sums[S::kColumns / 2];
    bool any = false;
    int open = -1;  // the stage that the tensor cores may be reading
    for (int step = 0; step < steps; ++step, pipe.advance()) {
      barrier_wait(m.full + pipe.stage, pipe.phase);
      if ((m.halves[pipe.stage] & half) == 0) {
        if (open >= 0) {
          wgmma_await<0>();
          release(open);
        }
        open = -1;
        __syncwarp();
        release(pipe.stage);
        continue;
      }
      fence_for_wgmma();
      wgmma_begin();
      const uint64_t left = a_first + pipe.stage * (S::kBytesA >> 4), right = b_first + pipe.stage * (S::kBytesB >> 4);
#pragma unroll
      for (int k = 0; k < kSlab / 16; ++k)
        multiply<false, !turned>(sums, left + k * kNextSixteen<false>, right + k * kNextSixteen<!turned>, any || k > 0);
      wgmma_close();
      wgmma_await<1>();
      if (open >= 0) release(open);
      open = pipe.stage;
      any = true;
    }
    wgmma_await<0>();
    if (open >= 0) release(open);
    if (!any) {
      if (!t.first && !t.last) continue;
#pragma unroll
      for (float& sum : sums) sum = 0;
    }
    store_tile<S::kColumns>(t, rows, column, sums);
  }
}

#endif  // EC_SM90

template <typename S, bool turned>
__global__ void __launch_bounds__(kBlockThreads, S::kBlocks)
    tiled_kernel(const __grid_constant__ CUtensorMap weight, const __grid_constant__ ConvTiled t) {
#ifdef EC_SM90
  extern __shared__ char memory[];
  const Stages<S> m(memory);
  if (threadIdx.x == 0) {
    for (int stage = 0; stage < S::kStages; ++stage) {
      barrier_init(m.full + stage, kGroup + 1);
      barrier_init(m.empty + stage, 2 * kGroup / 32);
    }
    barrier_init_seen();
  }
  __syncthreads();
  if (threadIdx.x < kGroup) {
    if (S::kColumns > 128) leave_registers<72>();
    fetch_tiles<S, turned>(weight, t, m);
  } else {
    if (S::kColumns > 128) take_registers<216>();
    multiply_tiles<S, turned>(t, m);
  }
#endif
}

// The weight as TMA sees it: [taps, rows, columns] in boxes of one slab.
cudaError_t weight_boxes(const void* weight, int64_t taps, int64_t rows, int64_t columns, CUtensorMap* boxes) {
  static const auto encode = [] {
    void* found = nullptr;
    cudaDriverEntryPointQueryResult result;
    cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &found, 12000, cudaEnableDefault, &result);
    return reinterpret_cast<decltype(&cuTensorMapEncodeTiled)>(found);
  }();
  if (encode == nullptr) return cudaErrorNotSupported;
  const cuuint64_t sizes[3] = {static_cast<cuuint64_t>(columns), static_cast<cuuint64_t>(rows), static_cast<cuuint64_t>(taps)};
  const cuuint64_t strides[2] = {sizes[0] * 2, sizes[0] * sizes[1] * 2};
  const cuuint32_t box[3] = {kSlab, kSlab, 1}, steps[3] = {1, 1, 1};
  const CUresult done =
      encode(boxes, CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, 3, const_cast<void*>(weight), sizes, strides, box, steps, CU_TENSOR_MAP_INTERLEAVE_NONE,
             CU_TENSOR_MAP_SWIZZLE_128B, CU_TENSOR_MAP_L2_PROMOTION_L2_256B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  return done == CUDA_SUCCESS ? cudaSuccess : cudaErrorInvalidValue;
}

template <typename S, bool turned>
cudaError_t launch(const ConvTiled& t, const CUtensorMap& weight, cudaStream_t stream) {
  int device = 0, processors = 0;
  cudaGetDevice(&device);
  cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, device);
  const int64_t works = t.tiles.tiles * ((t.out_channels + S::kColumns - 1) / S::kColumns), most = static_cast<int64_t>(processors) * S::kBlocks;
  const auto kernel = tiled_kernel<S, turned>;
  const cudaError_t allowed = cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, S::kBytes);
  if (allowed != cudaSuccess) return allowed;
  kernel<<<static_cast<unsigned>(works < most ? works : most), kBlockThreads, S::kBytes, stream>>>(weight, t);
  return cudaGetLastError();
}

template <typename S>
cudaError_t launch(const ConvTiled& t, cudaStream_t stream) {
  CUtensorMap weight;
  const cudaError_t made =
      weight_boxes(t.weight, t.taps, t.turned ? t.out_channels : t.in_channels, t.turned ? t.in_channels : t.out_channels, &weight);
  if (made != cudaSuccess) return made;
  return t.turned ? launch<S, true>(t, weight, stream) : launch<S, false>(t, weight, stream);
}

}  // namespace

bool conv_sm90(int device) {
#ifdef EARTHCRAFT_SM90A
  int major = 0, minor = 0;
  cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device);
  cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device);
  return major == 9 && minor == 0;
#else
  return false;
#endif
}

ConvCut conv_cut(int64_t rows, int64_t taps, int64_t in_channels, int64_t out_channels) {
  // Tiles of few rows share few taps, and products weigh more where channels are many.
  const int64_t wide = rows < 65'536 ? 512 : 1024, groups = taps == 27 && in_channels >= wide && out_channels >= wide ? 3 : 1;
  // The widest panels, so that rows are gathered few times, of those that leave a sixth unused at most and give every multiprocessor something to do.
  for (const int64_t columns : {256, 192, 128}) {
    const int64_t panels = blocks_for(out_channels, columns), used = blocks_for(out_channels, kSlab) * kSlab;
    if (panels * columns * 5 <= used * 6 && blocks_for(rows, kTileRows) * panels >= kProcessors) return {groups, columns};
  }
  return {groups, 64};
}

cudaError_t conv_forward_sm90(const ConvTiled& t, cudaStream_t stream) {
  if (t.tiles.tiles == 0 || t.out_channels == 0) return cudaSuccess;
  switch (t.columns) {
    case 256:
      return launch<Shape<256, 4, 1>>(t, stream);
    case 192:
      return launch<Shape<192, 5, 1>>(t, stream);
    case 128:
      return launch<Shape<128, 6, 1>>(t, stream);
    default:
      // Few tiles are done sooner by one block on a multiprocessor that fetches further ahead.
      if (t.tiles.tiles * blocks_for(t.out_channels, 64) <= 2 * kProcessors) return launch<Shape<64, 8, 1>>(t, stream);
      return launch<Shape<64, 4, 2>>(t, stream);
  }
}

}  // namespace earthcraft::gpu
