// A block of threads has one window and some of its heads, one after another: while it multiplies one, the rows of the next are on their way to
// shared memory, gathered by the windows' order straight from q, k, v; a warp has 16 rows of them in registers. A window of more tokens than fit
// passes in chunks, a head at a time.

#include "window_attention.h"
#include "window_tokens.cuh"

namespace earthcraft::gpu {
namespace {

constexpr int kForwardThreads = 128, kForwardBlocks = 3;  // kForwardBlocks: of a multiprocessor
constexpr float kLn2 = 0.6931471805599453f;

// Over the four lanes that share a row of a product.
__device__ float row_most(float x) {
  x = fmaxf(x, __shfl_xor_sync(0xFFFFFFFFu, x, 1));
  return fmaxf(x, __shfl_xor_sync(0xFFFFFFFFu, x, 2));
}
__device__ float row_sum(float x) {
  x += __shfl_xor_sync(0xFFFFFFFFu, x, 1);
  return x + __shfl_xor_sync(0xFFFFFFFFu, x, 2);
}

// Sums over keys of one strip of queries: FlashAttention's, with what was summed so far rescaled when a greater score appears.
template <typename L>
struct Attending {
  StripSums<L> sums;
  float most[2] = {-INFINITY, -INFINITY}, total[2] = {0, 0};  // of rows lane / 4 and lane / 4 + 8; total of this lane's columns

  // Up to kStep keys; k and v are whole strips. scale2: the scale in units of log 2, positive.
  static constexpr int kStep = 2 * kStrip;
  __device__ void add(const Strip<L>& queries, const Half* k, const Half* v, int keys, float scale2) {
    constexpr int kStrips = kStep / kStrip;
    float scores[2 * kStrips][4] = {};
#pragma unroll
    for (int strip = 0; strip < kStrips; ++strip)
      if (strip * kStrip < keys) queries.times_turned(k + strip * kStrip * L::kStride, scores[2 * strip], scores[2 * strip + 1]);
    if (keys < kStep) {
      const int column = threadIdx.x % 4 * 2;
#pragma unroll
      for (int tile = 0; tile < 2 * kStrips; ++tile)
#pragma unroll
        for (int i = 0; i < 4; ++i)
          if (tile * 8 + column + i % 2 >= keys) scores[tile][i] = -INFINITY;
    }
    float now[2] = {most[0], most[1]}, shrink[2], offset[2];
#pragma unroll
    for (int tile = 0; tile < 2 * kStrips; ++tile)
#pragma unroll
      for (int i = 0; i < 4; ++i) now[i / 2] = fmaxf(now[i / 2], scores[tile][i]);
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      now[half] = row_most(now[half]);
      shrink[half] = power_of_two((most[half] - now[half]) * scale2);
      offset[half] = now[half] * scale2;
      most[half] = now[half], total[half] *= shrink[half];
    }
    sums.scale(shrink[0], shrink[1]);
#pragma unroll
    for (int strip = 0; strip < kStrips; ++strip) {
      if (strip * kStrip >= keys) break;
#pragma unroll
      for (int tile = 2 * strip; tile < 2 * strip + 2; ++tile)
#pragma unroll
        for (int i = 0; i < 4; ++i) total[i / 2] += scores[tile][i] = power_of_two(scores[tile][i] * scale2 - offset[i / 2]);
      unsigned weights[4];
      as_left(scores[2 * strip], scores[2 * strip + 1], weights);
      sums.add(weights, v + strip * kStrip * L::kStride);
    }
  }
};

// Scores of 16 queries become their results. `first`: the place of the first in the order.
template <typename L, typename Of>
__device__ void finish(const Attention& t, Attending<L>& attending, const Rows& out, const Of& strip, int64_t first, int64_t head, float scale2) {
  const int lane = threadIdx.x % 32;
  float factor[2];
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const float total = row_sum(attending.total[half]);
    factor[half] = 1.0f / total;
    const int row = lane / 4 + half * 8;
    if (lane % 4 == 0 && row < strip.count)
      static_cast<float*>(t.logsumexp)[head * t.queries + first + row] = (attending.most[half] * scale2 + log2f(total)) * kLn2;
  }
  attending.sums.scale(factor[0], factor[1]);
  attending.sums.store(out, strip);
}

template <typename L>
__device__ void attend(Attending<L>& attending, const Strip<L>& queries, const Half* k, const Half* v, int count, float scale2) {
  for (int key = 0; key < count; key += attending.kStep)
    attending.add(queries, k + key * L::kStride, v + key * L::kStride, min(attending.kStep, count - key), scale2);
}

// The head of a set that does not fit into shared memory: its keys pass in chunks, once for every 64 queries.
template <typename L>
__device__ void attend_in_chunks(const Attention& t, Half* memory, const SetHeads& set, float scale2) {
  const int64_t head = set.head;
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  Half* own = memory + warp * kStrip * L::kStride;  // a warp's queries
  Half *k = memory + kOwn * L::kStride, *v = k + kChunk * L::kStride;
  for (int tile = 0; tile < set.count; tile += kOwn) {
    const Passes passes(t.q.order, set.begin, set.count, tile);
    const int first = tile + warp * kStrip;
    const bool works = first < set.count;
    const Chunk strip = passes.part(first, kStrip);
    if (works) fetch_tokens<L, 4>(strip, lane, 32, Fetched{Rows(t.q, head), own});
    Strip<L> queries;
    Attending<L> attending;
    for (int pass = 0; pass < passes.chunks(); ++pass) {
      const Chunk chunk = passes.chunk(pass);
      __syncthreads();  // all are done with the chunk before
      fetch_tokens<L, 4>(chunk, threadIdx.x, kForwardThreads, Fetched{Rows(t.k, head), k}, Fetched{Rows(t.v, head), v});
      close_copies();
      await_copies<0>();
      __syncthreads();
      if (!works) continue;
      if (pass == 0) queries.load(own);
      attend(attending, queries, k, v, chunk.count, scale2);
    }
    if (works) finish(t, attending, Rows(t.out, head), strip, strip.first, head, scale2);
  }
}

template <typename L>
__device__ void attend_heads(const Attention& t, Half* memory, const SetHeads& set, float scale2) {
  const Listed all = set.list(t.q.order, reinterpret_cast<unsigned*>(memory + 3 * kSlots * L::kStride));
  const int rows = all.rows(), stages = min(kMostStages, kSlots / rows), warp = threadIdx.x / 32;
  const auto stage = [&](int h) { return memory + h % stages * rows * 3 * L::kStride; };  // q, then k, then v
  const auto fetch = [&](int h) {
    Half* q = stage(h);
    const int64_t head = set.head + h;
    fetch_tokens<L, 4>(all, threadIdx.x, kForwardThreads, Fetched{Rows(t.q, head), q}, Fetched{Rows(t.k, head), q + rows * L::kStride},
                       Fetched{Rows(t.v, head), q + 2 * rows * L::kStride});
  };
  each_head(set.heads, stages, fetch, [&](int h) {
    const Half* q = stage(h);
    for (int first = warp * kStrip; first < set.count; first += kOwn) {
      Strip<L> queries;
      queries.load(q + first * L::kStride);
      Attending<L> attending;
      attend(attending, queries, q + rows * L::kStride, q + 2 * rows * L::kStride, set.count, scale2);
      finish(t, attending, Rows(t.out, set.head + h), all.part(first, kStrip), set.begin + first, set.head + h, scale2);
    }
  });
}

template <int D>
__global__ void __launch_bounds__(kForwardThreads, kForwardBlocks) forward_kernel(Attention t, const int64_t* longest_first, WindowShares shares) {
  using L = Turned<D>;
  extern __shared__ __align__(16) char memory[];
  Half* rows = reinterpret_cast<Half*>(memory);
  const SetHeads set(t, longest_first, shares);
  const float scale2 = static_cast<float>(t.scale) * kLog2E;
  if (set.count == 0) return;
  if (set.count <= kSlots)
    attend_heads<L>(t, rows, set, scale2);
  else
    attend_in_chunks<L>(t, rows, set, scale2);
}

template <int D>
void launch(const Attention& t, const WindowOrder& order, cudaStream_t stream) {
  static_assert(kOwn + 2 * kChunk <= 3 * kSlots, "a chunk of k and of v beside the own queries");
  const WindowShares shares = window_shares(t.sets, order.long_sets, t.heads, kForwardBlocks * kProcessors);
  const int bytes = 3 * kSlots * Turned<D>::kStride * static_cast<int>(sizeof(Half)) + kSlots * static_cast<int>(sizeof(unsigned));
  cudaFuncSetAttribute(forward_kernel<D>, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes);
  forward_kernel<D><<<static_cast<unsigned>(shares.blocks()), kForwardThreads, bytes, stream>>>(t, order.longest_first, shares);
}

}  // namespace

void window_attention_forward(const Attention& task, const WindowOrder& order, cudaStream_t stream) {
  if (task.sets * task.heads == 0) return;
  if (task.dim == 16) launch<16>(task, order, stream);
  if (task.dim == 32) launch<32>(task, order, stream);
  if (task.dim == 64) launch<64>(task, order, stream);
}

}  // namespace earthcraft::gpu
