// A block of threads has one window and one head. Its tokens lie in shared memory, gathered by the windows' order straight from q, k, v; a warp has
// 16 rows of them in registers. A window of more tokens than fit passes in chunks, the one that holds the own rows first.
//
// Gradients: four warps have 16 keys each and sum k_grad and v_grad over the queries, four others have 16 queries each and sum q_grad over the keys.
// Both compute the weights that they need: two products more than strictly needed, and no sum that two warps share, hence no atomics.

#include "window_attention.h"
#include "window_tokens.cuh"

namespace earthcraft::gpu {
namespace {

constexpr float kLog2E = 1.4426950408889634f, kLn2 = 0.6931471805599453f;

// Over the four lanes that share a row of a product.
__device__ float row_most(float x) {
  x = fmaxf(x, __shfl_xor_sync(0xFFFFFFFFu, x, 1));
  return fmaxf(x, __shfl_xor_sync(0xFFFFFFFFu, x, 2));
}
__device__ float row_sum(float x) {
  x += __shfl_xor_sync(0xFFFFFFFFu, x, 1);
  return x + __shfl_xor_sync(0xFFFFFFFFu, x, 2);
}

// A set's chunks as the own rows from `tile` on want them.
struct Passes {
  const int64_t* order;
  int64_t begin;
  int count, room, home;  // tokens of the set; rows kept; the first row of the chunk that holds the own rows

  __device__ int chunks() const { return (count + room - 1) / room; }
  __device__ Chunk chunk(int pass) const { return part((home / room + pass) % chunks() * room, room); }
  __device__ Chunk part(int first, int most) const { return {order, begin + first, min(most, count - first)}; }
};

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

constexpr int kForwardThreads = 128;

template <int D>
__global__ void __launch_bounds__(kForwardThreads, 5) forward_kernel(Attention t, int room) {
  using L = Turned<D>;
  extern __shared__ __align__(16) char memory[];
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  Half* own = reinterpret_cast<Half*>(memory) + warp * kStrip * L::kStride;  // a warp's queries, then its results
  Half *k = reinterpret_cast<Half*>(memory) + kOwn * L::kStride, *v = k + room * L::kStride;
  const int64_t set = blockIdx.x / t.heads, head = blockIdx.x % t.heads, begin = t.q_starts[set];
  const int count = static_cast<int>(t.q_starts[set + 1] - begin);
  const float scale2 = static_cast<float>(t.scale) * kLog2E;
  const Rows q_rows(t.q, head), k_rows(t.k, head), v_rows(t.v, head), out_rows(t.out, head);
  for (int tile = 0; tile < count; tile += kOwn) {
    const Passes passes{t.q.order, begin, count, room, tile / room * room};
    const int first = tile + warp * kStrip;
    const bool works = first < count;
    const Chunk strip = passes.part(first, kStrip);
    if (works) fetch_tokens<L>(strip, lane, 32, Fetched{q_rows, own});
    Strip<L> queries;
    Attending<L> attending;
    for (int pass = 0; pass < passes.chunks(); ++pass) {
      const Chunk chunk = passes.chunk(pass);
      const bool fetches = tile == 0 || passes.chunks() > 1;
      if (fetches) {
        if (tile > 0 || pass > 0) __syncthreads();  // all are done with the chunk before
        fetch_tokens<L>(chunk, threadIdx.x, kForwardThreads, Fetched{k_rows, k}, Fetched{v_rows, v});
      }
      close_copies();
      await_copies<0>();
      if (fetches)
        __syncthreads();
      else
        __syncwarp();
      if (!works) continue;
      if (pass == 0) queries.load(own);
      for (int key = 0; key < chunk.count; key += attending.kStep)
        attending.add(queries, k + key * L::kStride, v + key * L::kStride, min(attending.kStep, chunk.count - key), scale2);
    }
    if (!works) continue;
    float factor[2];
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const float total = row_sum(attending.total[half]);
      factor[half] = 1.0f / total;
      const int row = lane / 4 + half * 8;
      if (lane % 4 == 0 && row < strip.count)
        static_cast<float*>(t.logsumexp)[head * t.queries + strip.first + row] = (attending.most[half] * scale2 + log2f(total)) * kLn2;
    }
    attending.sums.scale(factor[0], factor[1]);
    __syncwarp();  // all lanes have their queries: the place is free
    attending.sums.write(own);
    __syncwarp();
    store_strip<L>(own, out_rows, strip);
    __syncwarp();
  }
}

// What the gradients need of a chunk, in shared memory.
template <typename L>
struct GradRoom {
  Half *q, *k, *v, *grad, *staged;
  float *logsumexp2, *inner;  // logsumexp in units of log 2; out · out_grad

  __device__ GradRoom(char* memory, int room) {
    q = reinterpret_cast<Half*>(memory);
    k = q + room * L::kStride, v = k + room * L::kStride, grad = v + room * L::kStride, staged = grad + room * L::kStride;
    logsumexp2 = reinterpret_cast<float*>(staged + kThreads / 32 * kStrip * L::kStride);
    inner = logsumexp2 + room;
  }
  static size_t bytes(int room) { return sizeof(Half) * L::kStride * (4 * room + kThreads / 32 * kStrip) + sizeof(float) * 2 * room; }

  __device__ void fetch(const AttentionGrad& g, const Chunk& chunk, int64_t head) {
    const Attention& t = g.forward;
    const Rows grads(g.out_grad, head), outs(t.out, head);
    fetch_tokens<L>(chunk, threadIdx.x, kThreads, Fetched{Rows(t.q, head), q}, Fetched{Rows(t.k, head), k}, Fetched{Rows(t.v, head), v},
                    Fetched{grads, grad});
    close_copies();
    const int d = threadIdx.x % L::kAcross * kPerCopy<Half>;
    // Whole warps: chunks are of 16 rows, and a row is of 2, 4 or 8 lanes.
#pragma unroll 1
    for (int row = threadIdx.x / L::kAcross; row < chunk.rows(); row += kThreads / L::kAcross) {
      float along = 0;
      if (row < chunk.count) {
        const unsigned token = chunk.token(row);
        alignas(16) Half out[kPerCopy<Half>], slope[kPerCopy<Half>];
        *reinterpret_cast<int4*>(out) = *reinterpret_cast<const int4*>(outs.at(token) + d);
        *reinterpret_cast<int4*>(slope) = *reinterpret_cast<const int4*>(grads.at(token) + d);
#pragma unroll
        for (int j = 0; j < kPerCopy<Half>; ++j) along += wide(out[j]) * wide(slope[j]);
      }
#pragma unroll
      for (int step = 1; step < L::kAcross; step *= 2) along += __shfl_xor_sync(0xFFFFFFFFu, along, step);
      if (d == 0) {
        inner[row] = along;
        // Rows beyond the end weigh nothing.
        logsumexp2[row] = row < chunk.count ? static_cast<const float*>(t.logsumexp)[head * t.queries + chunk.first + row] * kLog2E : INFINITY;
      }
    }
    await_copies<0>();
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
  __device__ void store(const AttentionGrad& g, Half* staged, const Chunk& strip, int64_t head) {
    const float scale = static_cast<float>(g.forward.scale);
    k_sums.scale(scale, scale);
    k_sums.write(staged);
    __syncwarp();
    store_strip<L>(staged, Rows(g.k_grad, head), strip);
    __syncwarp();
    v_sums.write(staged);
    __syncwarp();
    store_strip<L>(staged, Rows(g.v_grad, head), strip);
    __syncwarp();
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
  __device__ void store(const AttentionGrad& g, Half* staged, const Chunk& strip, int64_t head) {
    const float scale = static_cast<float>(g.forward.scale);
    sums.scale(scale, scale);
    sums.write(staged);
    __syncwarp();
    store_strip<L>(staged, Rows(g.q_grad, head), strip);
    __syncwarp();
  }
};

// One strip of own rows whose set is in shared memory.
template <typename Grad, typename L>
__device__ void grad_strip(const AttentionGrad& g, const GradRoom<L>& room, const Chunk& set, int64_t head, int first, Half* staged) {
  Grad own;
  own.load(room, first);
  own.add(room, set.count, static_cast<float>(g.forward.scale) * kLog2E);
  own.store(g, staged, {set.order, set.first + first, min(kStrip, set.count - first)}, head);
}

// Unlike __syncthreads, it may stand in code that only some warps run, as long as all come to one.
__device__ void meet() { asm volatile("barrier.sync 1, %0;\n" ::"n"(kThreads) : "memory"); }

// The same where the set passes in chunks. Every warp of the block comes here as often, for the barriers.
template <typename Grad, typename L>
__device__ void grad_strip_in_chunks(const AttentionGrad& g, GradRoom<L>& room, const Passes& passes, int64_t head, int first, Half* staged) {
  Grad own;
  for (int pass = 0; pass < passes.chunks(); ++pass) {
    const Chunk chunk = passes.chunk(pass);
    meet();
    room.fetch(g, chunk, head);
    meet();
    if (first >= passes.count) continue;
    if (pass == 0) own.load(room, first - passes.home);
    own.add(room, chunk.count, static_cast<float>(g.forward.scale) * kLog2E);
  }
  if (first < passes.count) own.store(g, staged, passes.part(first, kStrip), head);
}

template <int D>
__global__ void __launch_bounds__(kThreads, 2) backward_kernel(AttentionGrad g, int kept) {
  using L = Padded<D>;
  extern __shared__ __align__(16) char memory[];
  GradRoom<L> room(memory, kept);
  const Attention& t = g.forward;
  const int64_t set = blockIdx.x / t.heads, head = blockIdx.x % t.heads, begin = t.q_starts[set];
  const int count = static_cast<int>(t.q_starts[set + 1] - begin), warp = threadIdx.x / 32;
  const bool keys = warp < 4;
  Half* staged = room.staged + warp * kStrip * L::kStride;
  if (count <= kept) {
    const Chunk all{t.q.order, begin, count};
    room.fetch(g, all, head);
    __syncthreads();
    for (int first = warp % 4 * kStrip; first < count; first += kOwn)
      if (keys)
        grad_strip<KeyGrad<L>>(g, room, all, head, first, staged);
      else
        grad_strip<QueryGrad<L>>(g, room, all, head, first, staged);
    return;
  }
  for (int tile = 0; tile < count; tile += kOwn) {
    const Passes passes{t.q.order, begin, count, kept, tile / kept * kept};
    const int first = tile + warp % 4 * kStrip;
    if (keys)
      grad_strip_in_chunks<KeyGrad<L>>(g, room, passes, head, first, staged);
    else
      grad_strip_in_chunks<QueryGrad<L>>(g, room, passes, head, first, staged);
  }
}

template <int D>
void launch_forward(const Attention& t, int64_t longest, cudaStream_t stream) {
  const int room = rows_kept(longest);
  const size_t bytes = sizeof(Half) * Turned<D>::kStride * (kOwn + 2 * room);
  cudaFuncSetAttribute(forward_kernel<D>, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(bytes));
  forward_kernel<D><<<static_cast<unsigned>(t.sets * t.heads), kForwardThreads, bytes, stream>>>(t, room);
}

template <int D>
void launch_backward(const AttentionGrad& g, int64_t longest, cudaStream_t stream) {
  const int room = rows_kept(longest);
  const size_t bytes = GradRoom<Padded<D>>::bytes(room);
  cudaFuncSetAttribute(backward_kernel<D>, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(bytes));
  backward_kernel<D><<<static_cast<unsigned>(g.forward.sets * g.forward.heads), kThreads, bytes, stream>>>(g, room);
}

}  // namespace

void window_attention_forward(const Attention& task, int64_t longest, cudaStream_t stream) {
  if (task.sets * task.heads == 0 || longest == 0) return;
  if (task.dim == 16) launch_forward<16>(task, longest, stream);
  if (task.dim == 32) launch_forward<32>(task, longest, stream);
  if (task.dim == 64) launch_forward<64>(task, longest, stream);
}

void window_attention_backward(const AttentionGrad& task, int64_t longest, cudaStream_t stream) {
  if (task.forward.sets * task.forward.heads == 0 || longest == 0) return;
  if (task.forward.dim == 16) launch_backward<16>(task, longest, stream);
  if (task.forward.dim == 32) launch_backward<32>(task, longest, stream);
  if (task.forward.dim == 64) launch_backward<64>(task, longest, stream);
}

}  // namespace earthcraft::gpu
