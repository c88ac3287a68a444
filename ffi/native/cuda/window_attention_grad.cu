// The gradients of window_attention.cu, heads one after another as there: four warps have 16 keys each and sum k_grad and v_grad over the queries,
// four others have 16 queries each and sum q_grad over the keys. Both compute the weights that they need: two products more than strictly needed, and
// no sum that two warps share, hence no atomics.

#include "window_attention.h"
#include "window_tokens.cuh"

namespace earthcraft::gpu {
namespace {

constexpr int kGradThreads = 256, kGradBlocks = 2;  // kGradBlocks: of a multiprocessor

// 4 bytes from global to shared memory.
__device__ inline void copy_four_async(void* shared, const void* global) {
  const auto to = static_cast<unsigned>(__cvta_generic_to_shared(shared));
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4;\n" ::"r"(to), "l"(global));
}

// What the gradients need of some rows of a head, in shared memory.
template <typename L>
struct GradRoom {
  Half *q, *k, *v, *grad, *out;
  float *logsumexp2, *inner;  // logsumexp in units of log 2; out · out_grad

  __device__ GradRoom(char* memory, int rows) {
    q = reinterpret_cast<Half*>(memory);
    k = q + rows * L::kStride, v = k + rows * L::kStride, grad = v + rows * L::kStride, out = grad + rows * L::kStride;
    logsumexp2 = reinterpret_cast<float*>(out + rows * L::kStride);
    inner = logsumexp2 + rows;
  }
  __host__ __device__ static constexpr int bytes(int rows) { return rows * static_cast<int>(sizeof(Half) * L::kStride * 5 + sizeof(float) * 2); }

  // `first`: the place of the first row in the order
  template <typename Of>
  __device__ void fetch(const AttentionGrad& g, const Of& chunk, int64_t first, int64_t head) {
    const Attention& t = g.forward;
    fetch_tokens<L, 1>(chunk, threadIdx.x, kGradThreads, Fetched{Rows(t.q, head), q}, Fetched{Rows(t.k, head), k}, Fetched{Rows(t.v, head), v},
                       Fetched{Rows(g.out_grad, head), grad}, Fetched{Rows(t.out, head), out});
    const float* from = static_cast<const float*>(t.logsumexp) + head * t.queries + first;
    for (int row = threadIdx.x; row < chunk.count; row += kGradThreads) copy_four_async(logsumexp2 + row, from + row);
  }

  // Once all have come, and before the block's threads meet again.
  __device__ void prepare(int count) {
    const int copy = threadIdx.x % L::kAcross, rows = (count + kStrip - 1) / kStrip * kStrip;
    // Whole warps: there are 16 rows and more, and a row is of 2, 4 or 8 lanes.
#pragma unroll 1
    for (int row = threadIdx.x / L::kAcross; row < rows; row += kGradThreads / L::kAcross) {
      float along = 0;
      const Half *o = out + row * L::kStride + L::place(row, copy), *s = grad + row * L::kStride + L::place(row, copy);
      alignas(16) Half result[kPerCopy<Half>], slope[kPerCopy<Half>];
      *reinterpret_cast<int4*>(result) = *reinterpret_cast<const int4*>(o);
      *reinterpret_cast<int4*>(slope) = *reinterpret_cast<const int4*>(s);
#pragma unroll
      for (int j = 0; j < kPerCopy<Half>; ++j) along += wide(result[j]) * wide(slope[j]);
#pragma unroll
      for (int step = 1; step < L::kAcross; step *= 2) along += __shfl_xor_sync(0xFFFFFFFFu, along, step);
      if (copy == 0) {
        inner[row] = along;
        logsumexp2[row] = row < count ? logsumexp2[row] * kLog2E : INFINITY;  // rows beyond the end weigh nothing
      }
    }
  }
};

// k_grad and v_grad of 16 keys.
template <typename L>
struct KeyGrad {
  Strip<L> k, v;
  StripSums<L> k_sums, v_sums;

  __device__ void load(const GradRoom<L>& room, int own) {
    k.load(room.k + own * L::kStride);
    v.load(room.v + own * L::kStride);
  }
  __device__ void add(const GradRoom<L>& room, int queries, float scale2) {
    const int column = threadIdx.x % 4 * 2;
#pragma unroll 1
    for (int from = 0; from < queries; from += kStrip) {
      float weight[2][4] = {}, slope[2][4] = {};
      k.times_turned(room.q + from * L::kStride, weight[0], weight[1]);
      v.times_turned(room.grad + from * L::kStride, slope[0], slope[1]);
#pragma unroll
      for (int tile = 0; tile < 2; ++tile)
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          const int query = from + tile * 8 + column + i % 2;
          weight[tile][i] = power_of_two(weight[tile][i] * scale2 - room.logsumexp2[query]);
          slope[tile][i] = weight[tile][i] * (slope[tile][i] - room.inner[query]);
        }
      unsigned left[4];
      as_left(weight[0], weight[1], left);
      v_sums.add(left, room.grad + from * L::kStride);
      as_left(slope[0], slope[1], left);
      k_sums.add(left, room.q + from * L::kStride);
    }
  }
  template <typename Of>
  __device__ void store(const AttentionGrad& g, const Of& strip, int64_t head) {
    const float scale = static_cast<float>(g.forward.scale);
    k_sums.scale(scale, scale);
    k_sums.store(Rows(g.k_grad, head), strip);
    v_sums.store(Rows(g.v_grad, head), strip);
  }
};

// q_grad of 16 queries.
template <typename L>
struct QueryGrad {
  Strip<L> q, grad;
  StripSums<L> sums;
  float logsumexp2[2], inner[2];  // of rows lane / 4 and lane / 4 + 8

  __device__ void load(const GradRoom<L>& room, int own) {
    q.load(room.q + own * L::kStride);
    grad.load(room.grad + own * L::kStride);
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int row = own + threadIdx.x % 32 / 4 + half * 8;
      logsumexp2[half] = room.logsumexp2[row], inner[half] = room.inner[row];
    }
  }
  __device__ void add(const GradRoom<L>& room, int keys, float scale2) {
    const int column = threadIdx.x % 4 * 2;
#pragma unroll 1
    for (int from = 0; from < keys; from += kStrip) {
      float weight[2][4] = {}, slope[2][4] = {};
      q.times_turned(room.k + from * L::kStride, weight[0], weight[1]);
      grad.times_turned(room.v + from * L::kStride, slope[0], slope[1]);
#pragma unroll
      for (int tile = 0; tile < 2; ++tile)
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          const float factor = from + tile * 8 + column + i % 2 < keys ? power_of_two(weight[tile][i] * scale2 - logsumexp2[i / 2]) : 0.0f;
          slope[tile][i] = factor * (slope[tile][i] - inner[i / 2]);
        }
      unsigned left[4];
      as_left(slope[0], slope[1], left);
      sums.add(left, room.k + from * L::kStride);
    }
  }
  template <typename Of>
  __device__ void store(const AttentionGrad& g, const Of& strip, int64_t head) {
    const float scale = static_cast<float>(g.forward.scale);
    sums.scale(scale, scale);
    sums.store(Rows(g.q_grad, head), strip);
  }
};

// Unlike __syncthreads, it may stand in code that only some warps run, as long as all come to one.
__device__ void meet() { asm volatile("barrier.sync 1, %0;\n" ::"n"(kGradThreads) : "memory"); }

// One strip of a set that passes in chunks. Every warp of the block comes here as often, for the barriers.
template <typename Grad, typename L>
__device__ void grad_strip_in_chunks(const AttentionGrad& g, GradRoom<L>& room, const SetHeads& set, int first) {
  const Passes passes(g.forward.q.order, set.begin, set.count, first / kOwn * kOwn);
  Grad own;
  for (int pass = 0; pass < passes.chunks(); ++pass) {
    const Chunk chunk = passes.chunk(pass);
    meet();
    room.fetch(g, chunk, chunk.first, set.head);
    close_copies();
    await_copies<0>();
    meet();
    room.prepare(chunk.count);
    meet();
    if (first >= set.count) continue;
    if (pass == 0) own.load(room, first - passes.home);
    own.add(room, chunk.count, static_cast<float>(g.forward.scale) * kLog2E);
  }
  if (first < set.count) own.store(g, passes.part(first, kStrip), set.head);
}

// The head of a set that does not fit into shared memory.
template <typename L>
__device__ void grad_in_chunks(const AttentionGrad& g, char* memory, const SetHeads& set) {
  GradRoom<L> room(memory, kChunk);
  const int warp = threadIdx.x / 32;
  for (int tile = 0; tile < set.count; tile += kOwn)
    if (warp < 4)
      grad_strip_in_chunks<KeyGrad<L>>(g, room, set, tile + warp * kStrip);
    else
      grad_strip_in_chunks<QueryGrad<L>>(g, room, set, tile + (warp - 4) * kStrip);
}

// One strip of a set whose rows are all there.
template <typename Grad, typename L>
__device__ void grad_strip(const AttentionGrad& g, const GradRoom<L>& room, const Listed& all, int64_t head, int first) {
  Grad own;
  own.load(room, first);
  own.add(room, all.count, static_cast<float>(g.forward.scale) * kLog2E);
  own.store(g, all.part(first, kStrip), head);
}

template <typename L>
__device__ void grad_heads(const AttentionGrad& g, char* memory, const SetHeads& set) {
  const Listed all = set.list(g.forward.q.order, reinterpret_cast<unsigned*>(memory + GradRoom<L>::bytes(kSlots)));
  const int rows = all.rows(), stages = min(kMostStages, kSlots / rows), warp = threadIdx.x / 32;
  const auto stage = [&](int h) { return GradRoom<L>(memory + h % stages * GradRoom<L>::bytes(rows), rows); };
  each_head(
      set.heads, stages, [&](int h) { stage(h).fetch(g, all, set.begin, set.head + h); },
      [&](int h) {
        GradRoom<L> room = stage(h);
        room.prepare(set.count);
        __syncthreads();
        for (int first = warp % 4 * kStrip; first < set.count; first += kOwn)
          if (warp < 4)
            grad_strip<KeyGrad<L>>(g, room, all, set.head + h, first);
          else
            grad_strip<QueryGrad<L>>(g, room, all, set.head + h, first);
      });
}

template <int D>
__global__ void __launch_bounds__(kGradThreads, kGradBlocks) backward_kernel(AttentionGrad g, const int64_t* longest_first, WindowShares shares) {
  using L = Turned<D>;
  extern __shared__ __align__(16) char memory[];
  const SetHeads set(g.forward, longest_first, shares);
  if (set.count == 0) return;
  if (set.count <= kSlots)
    grad_heads<L>(g, memory, set);
  else
    grad_in_chunks<L>(g, memory, set);
}

template <int D>
void launch(const AttentionGrad& g, const WindowOrder& order, cudaStream_t stream) {
  const WindowShares shares = window_shares(g.forward.sets, order.long_sets, g.forward.heads, kGradBlocks * kProcessors);
  const int bytes = GradRoom<Turned<D>>::bytes(kSlots) + kSlots * static_cast<int>(sizeof(unsigned));
  cudaFuncSetAttribute(backward_kernel<D>, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes);
  backward_kernel<D><<<static_cast<unsigned>(shares.blocks()), kGradThreads, bytes, stream>>>(g, order.longest_first, shares);
}

}  // namespace

void window_attention_backward(const AttentionGrad& task, const WindowOrder& order, cudaStream_t stream) {
  if (task.forward.sets * task.forward.heads == 0) return;
  if (task.forward.dim == 16) launch<16>(task, order, stream);
  if (task.forward.dim == 32) launch<32>(task, order, stream);
  if (task.forward.dim == 64) launch<64>(task, order, stream);
}

}  // namespace earthcraft::gpu
