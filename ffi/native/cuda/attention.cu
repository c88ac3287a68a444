// Attention without a score matrix (Dao, FlashAttention-2), for the types and sizes that libtorch's kernels leave out: full f32, f64, heads that are
// no multiple of 8. A block of threads holds a tile of a set's queries (or keys, for their gradients) and lets the set's other tokens pass, tile
// after tile. Four threads share a row of the tile, each with a quarter of its channels. Gradients are computed twice over, once for queries and
// once for keys, so that every sum is one thread's, in one order: no atomics.

#include "attention.h"

#include "element.cuh"
#include "grid.cuh"

namespace earthcraft::gpu {
namespace {

constexpr int kShare = 4;  // threads of a row

template <typename T>
constexpr int kTile = sizeof(T) == 8 ? 16 : 32;

template <typename T>
__device__ const T* row_at(const Tokens& t, int64_t token, int64_t head) {
  return static_cast<const T*>(t.data) + (t.order != nullptr ? t.order[token] : token) * t.row_stride + head * t.head_stride;
}

// The last set whose tiles begin at or before `tile`; empty sets have none and are passed over.
__device__ int64_t set_of(const int64_t* tiles, int64_t sets, int64_t tile) {
  int64_t low = 0, high = sets;  // tiles[low] <= tile < tiles[high]
  while (high - low > 1) {
    const int64_t middle = (low + high) / 2;
    (tiles[middle] <= tile ? low : high) = middle;
  }
  return low;
}

// rows [tile, stride] = tokens [first, first + count) times `factor`; zeros beyond, and in columns up to `width`
template <typename T>
__device__ void gather(const Tokens& t, int64_t first, int count, int64_t head, int dim, int width, int stride, sum_t<T> factor, sum_t<T>* rows) {
  for (int i = threadIdx.x; i < kTile<T> * width; i += blockDim.x) {
    const int row = i / width, d = i % width;
    rows[row * stride + d] = row < count && d < dim ? factor * wide(row_at<T>(t, first + row, head)[d]) : sum_t<T>(0);
  }
}

template <typename Sum>
__device__ Sum dot(const Sum* a, const Sum* b, int width) {
  Sum total = 0;
#pragma unroll 4
  for (int d = 0; d < width; ++d) total += a[d] * b[d];
  return total;
}

// Over the threads of a row.
template <typename Sum>
__device__ Sum shared_sum(Sum x) {
  x += __shfl_xor_sync(0xFFFFFFFFu, x, 1);
  return x + __shfl_xor_sync(0xFFFFFFFFu, x, 2);
}
template <typename Sum>
__device__ Sum shared_most(Sum x) {
  x = max(x, __shfl_xor_sync(0xFFFFFFFFu, x, 1));
  return max(x, __shfl_xor_sync(0xFFFFFFFFu, x, 2));
}

template <typename Sum>
__device__ Sum least_of_all() {
  return -static_cast<Sum>(INFINITY);
}

// A tile's place: its set, its first token, how many it has, and the range of the tokens that pass.
struct Place {
  int64_t first, other_begin, other_end;
  int count;
};
template <typename T>
__device__ Place place_of(const int64_t* tiles, const int64_t* starts, const int64_t* other_starts, int64_t sets) {
  const int64_t set = set_of(tiles, sets, blockIdx.x);
  const int64_t first = starts[set] + (blockIdx.x - tiles[set]) * kTile<T>, left = starts[set + 1] - first;
  return {first, other_starts[set], other_starts[set + 1], static_cast<int>(left < kTile<T> ? left : kTile<T>)};
}

// `Width`: head_dim rounded up, so that a thread's quarter of the sums stays in registers.
template <typename T, int Width>
__global__ void forward_kernel(Attention t, const int64_t* q_tiles) {
  using Sum = sum_t<T>;
  constexpr int kRows = kTile<T>, kStride = Width + 1, kQuarter = Width / kShare, kScores = kRows + 1;
  if (blockIdx.x >= q_tiles[t.sets]) return;  // the grid is cut for the most tiles that so many tokens can make
  extern __shared__ __align__(16) char memory[];
  Sum* q = reinterpret_cast<Sum*>(memory);
  Sum* k = q + kRows * kStride;
  Sum* v = k + kRows * kStride;
  Sum* scores = v + kRows * kStride;
  const Place at = place_of<T>(q_tiles, t.q_starts, t.kv_starts, t.sets);
  const int64_t head = blockIdx.y;
  const int row = threadIdx.x / kShare, part = threadIdx.x % kShare, dim = static_cast<int>(t.dim);
  gather<T>(t.q, at.first, at.count, head, dim, Width, kStride, static_cast<Sum>(t.scale), q);
  Sum sums[kQuarter] = {}, most = least_of_all<Sum>(), total = 0;
  for (int64_t begin = at.other_begin; begin < at.other_end; begin += kRows) {
    const int64_t left = at.other_end - begin;
    const int keys = static_cast<int>(left < kRows ? left : kRows);
    __syncthreads();
    gather<T>(t.k, begin, keys, head, dim, Width, kStride, Sum(1), k);
    gather<T>(t.v, begin, keys, head, dim, Width, kStride, Sum(1), v);
    __syncthreads();
    Sum highest = most;
    for (int j = part; j < keys; j += kShare) {
      const Sum score = dot(q + row * kStride, k + j * kStride, Width);
      scores[row * kScores + j] = score;
      highest = max(highest, score);
    }
    const Sum now = shared_most(highest);
    const Sum shrink = most == least_of_all<Sum>() ? Sum(0) : exp(most - now);
    Sum added = 0;
    for (int j = part; j < keys; j += kShare) added += scores[row * kScores + j] = exp(scores[row * kScores + j] - now);
    total = total * shrink + shared_sum(added);
    most = now;
    __syncwarp();  // a row's threads are of one warp
    for (int c = 0; c < kQuarter; ++c) sums[c] *= shrink;
    for (int j = 0; j < keys; ++j) {
      const Sum weight = scores[row * kScores + j];
#pragma unroll
      for (int c = 0; c < kQuarter; ++c) sums[c] += weight * v[j * kStride + c * kShare + part];
    }
  }
  if (row >= at.count) return;
  T* out = const_cast<T*>(row_at<T>(t.out, at.first + row, head));
  const Sum factor = total == Sum(0) ? Sum(0) : Sum(1) / total;  // no keys: 0
#pragma unroll
  for (int c = 0; c < kQuarter; ++c)
    if (c * kShare + part < dim) out[c * kShare + part] = narrow<T>(sums[c] * factor);
  if (part == 0) static_cast<Sum*>(t.logsumexp)[head * t.queries + at.first + row] = most + log(total);
}

// inner = out · out_grad of every query
template <typename T>
__global__ void inner_kernel(AttentionGrad g) {
  using Sum = sum_t<T>;
  const Attention& t = g.forward;
  const int64_t i = thread_number();
  if (i >= t.queries * t.heads) return;
  const int64_t token = i % t.queries, head = i / t.queries;
  const T* out = row_at<T>(t.out, token, head);
  const T* grad = row_at<T>(g.out_grad, token, head);
  Sum total = 0;
  for (int64_t d = 0; d < t.dim; ++d) total += wide(out[d]) * wide(grad[d]);
  static_cast<Sum*>(g.inner)[i] = total;
}

// One kernel for both: a tile of queries gathers q_grad while keys pass, a tile of keys gathers k_grad and v_grad while queries pass.
template <typename T, int Width, bool of_keys>
__global__ void backward_kernel(AttentionGrad g, const int64_t* tiles) {
  using Sum = sum_t<T>;
  constexpr int kRows = kTile<T>, kStride = Width + 1, kQuarter = Width / kShare, kScores = kRows + 1;
  const Attention& t = g.forward;
  if (blockIdx.x >= tiles[t.sets]) return;
  extern __shared__ __align__(16) char memory[];
  Sum* own = reinterpret_cast<Sum*>(memory);   // keys, or queries times the scale
  Sum* own_pair = own + kRows * kStride;       // values, or gradients of outputs
  Sum* other = own_pair + kRows * kStride;     // queries times the scale, or keys
  Sum* other_pair = other + kRows * kStride;   // gradients of outputs, or values
  Sum* weights = other_pair + kRows * kStride;
  Sum* slopes = weights + kRows * kScores;
  const Place at = of_keys ? place_of<T>(tiles, t.kv_starts, t.q_starts, t.sets) : place_of<T>(tiles, t.q_starts, t.kv_starts, t.sets);
  const int64_t head = blockIdx.y;
  const int row = threadIdx.x / kShare, part = threadIdx.x % kShare, dim = static_cast<int>(t.dim);
  const Sum scale = static_cast<Sum>(t.scale);
  const Sum* logsumexp = static_cast<const Sum*>(t.logsumexp) + head * t.queries;
  const Sum* inner = static_cast<const Sum*>(g.inner) + head * t.queries;
  gather<T>(of_keys ? t.k : t.q, at.first, at.count, head, dim, Width, kStride, of_keys ? Sum(1) : scale, own);
  gather<T>(of_keys ? t.v : g.out_grad, at.first, at.count, head, dim, Width, kStride, Sum(1), own_pair);
  Sum sums[kQuarter] = {}, pair_sums[kQuarter] = {};
  for (int64_t begin = at.other_begin; begin < at.other_end; begin += kRows) {
    const int64_t left = at.other_end - begin;
    const int others = static_cast<int>(left < kRows ? left : kRows);
    __syncthreads();
    gather<T>(of_keys ? t.q : t.k, begin, others, head, dim, Width, kStride, of_keys ? scale : Sum(1), other);
    gather<T>(of_keys ? g.out_grad : t.v, begin, others, head, dim, Width, kStride, Sum(1), other_pair);
    __syncthreads();
    if (row < at.count)
      for (int j = part; j < others; j += kShare) {
        const int64_t query = of_keys ? begin + j : at.first + row;
        const Sum weight = exp(dot(own + row * kStride, other + j * kStride, Width) - logsumexp[query]);
        weights[row * kScores + j] = weight;
        slopes[row * kScores + j] = weight * (dot(own_pair + row * kStride, other_pair + j * kStride, Width) - inner[query]);
      }
    __syncwarp();
    if (row < at.count)
      for (int j = 0; j < others; ++j) {
        const Sum slope = slopes[row * kScores + j], weight = weights[row * kScores + j];
#pragma unroll
        for (int c = 0; c < kQuarter; ++c) {
          sums[c] += slope * other[j * kStride + c * kShare + part];
          if (of_keys) pair_sums[c] += weight * other_pair[j * kStride + c * kShare + part];
        }
      }
  }
  if (row >= at.count) return;
  T* to = const_cast<T*>(row_at<T>(of_keys ? g.k_grad : g.q_grad, at.first + row, head));
  T* pair_to = of_keys ? const_cast<T*>(row_at<T>(g.v_grad, at.first + row, head)) : nullptr;
#pragma unroll
  for (int c = 0; c < kQuarter; ++c) {
    const int d = c * kShare + part;
    if (d >= dim) continue;
    to[d] = narrow<T>(of_keys ? sums[c] : sums[c] * scale);
    if (of_keys) pair_to[d] = narrow<T>(pair_sums[c]);
  }
}

template <bool gathers>
__global__ void move_kernel(Tokens t, int64_t count, int64_t heads, int64_t dim, int4* dense) {
  const int64_t i = thread_number(), across = dim / 8;
  if (i >= count * heads * across) return;
  const int64_t token = i / (heads * across), head = i / across % heads;
  int4* there = reinterpret_cast<int4*>(const_cast<__half*>(row_at<__half>(t, token, head))) + i % across;
  if (gathers)
    dense[i] = *there;
  else
    *there = dense[i];
}

template <typename T>
int64_t most_tiles(int64_t tokens, int64_t sets) {
  return tokens / kTile<T> + (sets < tokens ? sets : tokens);
}

template <typename Kernel>
void allow_shared(Kernel kernel, size_t bytes) {
  cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(bytes));
}

template <typename T, int Width>
void launch_forward(const Attention& t, const int64_t* q_tiles, cudaStream_t stream) {
  constexpr int kRows = kTile<T>;
  constexpr size_t kBytes = sizeof(sum_t<T>) * (3 * kRows * (Width + 1) + kRows * (kRows + 1));
  const int64_t tiles = most_tiles<T>(t.queries, t.sets);
  if (tiles == 0 || t.heads == 0) return;
  allow_shared(forward_kernel<T, Width>, kBytes);
  forward_kernel<T, Width><<<dim3(static_cast<unsigned>(tiles), static_cast<unsigned>(t.heads)), kRows * kShare, kBytes, stream>>>(t, q_tiles);
}

template <typename T, int Width, bool of_keys>
void launch_backward(const AttentionGrad& g, const int64_t* tiles, cudaStream_t stream) {
  constexpr int kRows = kTile<T>;
  constexpr size_t kBytes = sizeof(sum_t<T>) * (4 * kRows * (Width + 1) + 2 * kRows * (kRows + 1));
  const int64_t most = most_tiles<T>(of_keys ? g.forward.keys : g.forward.queries, g.forward.sets);
  if (most == 0 || g.forward.heads == 0) return;
  allow_shared(backward_kernel<T, Width, of_keys>, kBytes);
  const dim3 grid(static_cast<unsigned>(most), static_cast<unsigned>(g.forward.heads));
  backward_kernel<T, Width, of_keys><<<grid, kRows * kShare, kBytes, stream>>>(g, tiles);
}

// body.operator()<T, Width>()
template <typename T, typename Body>
void with_width(int64_t dim, Body&& body) {
  if (dim <= 16) return body(std::integral_constant<int, 16>());
  if (dim <= 32) return body(std::integral_constant<int, 32>());
  if (dim <= 64) return body(std::integral_constant<int, 64>());
  if (dim <= 128) return body(std::integral_constant<int, 128>());
  return body(std::integral_constant<int, 256>());
}

template <typename T>
void forward_as(const Attention& t, const int64_t* q_tiles, cudaStream_t stream) {
  with_width<T>(t.dim, [&](auto width) { launch_forward<T, decltype(width)::value>(t, q_tiles, stream); });
}

template <typename T>
void backward_as(const AttentionGrad& g, const int64_t* q_tiles, const int64_t* kv_tiles, cudaStream_t stream) {
  EC_LAUNCH(inner_kernel<T>, g.forward.queries * g.forward.heads, stream, g);
  with_width<T>(g.forward.dim, [&](auto width) {
    launch_backward<T, decltype(width)::value, false>(g, q_tiles, stream);
    launch_backward<T, decltype(width)::value, true>(g, kv_tiles, stream);
  });
}

}  // namespace

void gather_tokens(const Tokens& tokens, int64_t count, int64_t heads, int64_t dim, void* dense, cudaStream_t stream) {
  EC_LAUNCH(move_kernel<true>, count * heads * (dim / 8), stream, tokens, count, heads, dim, static_cast<int4*>(dense));
}
void scatter_tokens(const void* dense, int64_t count, int64_t heads, int64_t dim, const Tokens& tokens, cudaStream_t stream) {
  EC_LAUNCH(move_kernel<false>, count * heads * (dim / 8), stream, tokens, count, heads, dim, static_cast<int4*>(const_cast<void*>(dense)));
}

int64_t attention_tile(Element element) { return element == Element::f64 ? kTile<double> : kTile<float>; }

void attention_forward(Element element, const Attention& task, const int64_t* q_tiles, cudaStream_t stream) {
  if (element == Element::f32) forward_as<float>(task, q_tiles, stream);
  if (element == Element::f64) forward_as<double>(task, q_tiles, stream);
  if (element == Element::bf16) forward_as<__nv_bfloat16>(task, q_tiles, stream);
}

void attention_backward(Element element, const AttentionGrad& task, const int64_t* q_tiles, const int64_t* kv_tiles, cudaStream_t stream) {
  if (element == Element::f32) backward_as<float>(task, q_tiles, kv_tiles, stream);
  if (element == Element::f64) backward_as<double>(task, q_tiles, kv_tiles, stream);
  if (element == Element::bf16) backward_as<__nv_bfloat16>(task, q_tiles, kv_tiles, stream);
}

}  // namespace earthcraft::gpu
