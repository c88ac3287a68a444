// A few threads a row where a row is summed over; columns are summed by blocks of threads over slices of a scene's rows, slices in order by their
// caller.

#include "modulation.h"
#include "rows.cuh"

namespace earthcraft::gpu {
namespace {

__device__ int64_t scene_of(const Scenes& s, int64_t row) {
  int64_t low = 0, high = s.scenes;
  while (high - low > 1) {
    const int64_t middle = (low + high) / 2;
    (s.starts[middle] <= row ? low : high) = middle;
  }
  return low;
}

__device__ float warp_sum(float x) { return RowShare{32}.sum(x); }

// f32 and bf16 only
template <typename Body>
void for_half(Element element, Body&& body) {
  if (element == Element::f32) body(float());
  if (element == Element::bf16) body(__nv_bfloat16());
}

constexpr int kWarps = kThreads / 32;
__device__ int64_t warp_row() { return static_cast<int64_t>(blockIdx.x) * kWarps + threadIdx.x / 32; }

// body(channel) for those of this lane
template <int Wide, typename Body>
__device__ void each_channel(const RowShare& share, int64_t channels, Body&& body) {
  for (int64_t c = share.lane() * Wide; c < channels; c += share.lanes * Wide) body(c);
}

// A row that does not exist is computed as the last one is, so that shuffles have all their threads, and not written.
template <int Wide, typename T, typename Out>
__global__ void norm_kernel(Scenes s, RowShare share, const T* x, const float* weight, const float* shift, float eps, Out* out, float* stats) {
  const bool there = share.row() < s.rows;
  const int64_t row = there ? share.row() : s.rows - 1;
  const T* from = x + row * s.channels;
  const float part = 1.0f / static_cast<float>(s.channels);
  Values<Wide> values, w, b;
  float total = 0;
  each_channel<Wide>(share, s.channels, [&](int64_t c) {
    values.load(from + c);
#pragma unroll
    for (int i = 0; i < Wide; ++i) total += values.at[i];
  });
  const float mean = share.sum(total) * part;
  float squares = 0;
  each_channel<Wide>(share, s.channels, [&](int64_t c) {
    values.load(from + c);
#pragma unroll
    for (int i = 0; i < Wide; ++i) squares += (values.at[i] - mean) * (values.at[i] - mean);
  });
  const float scale = 1.0f / sqrtf(share.sum(squares) * part + eps);
  if (!there) return;
  const int64_t at = weight == nullptr && shift == nullptr ? 0 : scene_of(s, row) * s.channels;
  Out* to = out + row * s.channels;
  each_channel<Wide>(share, s.channels, [&](int64_t c) {
    values.load(from + c);
    if (weight != nullptr) w.load(weight + at + c);
    if (shift != nullptr) b.load(shift + at + c);
#pragma unroll
    for (int i = 0; i < Wide; ++i)
      values.at[i] = (values.at[i] - mean) * scale * (weight == nullptr ? 1.0f : w.at[i]) + (shift == nullptr ? 0.0f : b.at[i]);
    values.store(to + c);
  });
  if (share.lane() == 0) stats[2 * row] = mean, stats[2 * row + 1] = scale;
}

template <int Wide, typename T, typename G>
__global__ void norm_backward_kernel(Scenes s, RowShare share, const G* out_grad, const T* x, const float* weight, const float* stats, T* x_grad) {
  const bool there = share.row() < s.rows;
  const int64_t row = there ? share.row() : s.rows - 1;
  const T* from = x + row * s.channels;
  const G* grad = out_grad + row * s.channels;
  const float* by = weight == nullptr ? nullptr : weight + scene_of(s, row) * s.channels;
  const float mean = stats[2 * row], scale = stats[2 * row + 1], part = 1.0f / static_cast<float>(s.channels);
  Values<Wide> values, slopes, w;
  const auto load = [&](int64_t c) {  // values as normed, slopes by weight
    values.load(from + c);
    slopes.load(grad + c);
    if (by != nullptr) w.load(by + c);
#pragma unroll
    for (int i = 0; i < Wide; ++i) {
      values.at[i] = (values.at[i] - mean) * scale;
      if (by != nullptr) slopes.at[i] *= w.at[i];
    }
  };
  float total = 0, along = 0;
  each_channel<Wide>(share, s.channels, [&](int64_t c) {
    load(c);
#pragma unroll
    for (int i = 0; i < Wide; ++i) total += slopes.at[i], along += slopes.at[i] * values.at[i];
  });
  total = share.sum(total) * part, along = share.sum(along) * part;
  if (!there) return;
  T* to = x_grad + row * s.channels;
  each_channel<Wide>(share, s.channels, [&](int64_t c) {
    load(c);
#pragma unroll
    for (int i = 0; i < Wide; ++i) values.at[i] = scale * (slopes.at[i] - total - values.at[i] * along);
    values.store(to + c);
  });
}

struct Two {
  float a, b;
};

// Sums of terms(row, column) over one slice of a scene's rows for 32 columns, in an order that the sizes set: part_a, part_b [slices, scenes,
// columns].
constexpr int kColumns = 32, kLanes = kThreads / kColumns;
template <typename Terms>
__device__ void sum_columns(const Scenes& s, int64_t columns, float* part_a, float* part_b, Terms&& terms) {
  const int64_t column = static_cast<int64_t>(blockIdx.x) * kColumns + threadIdx.x % kColumns, scene = blockIdx.y, slice = blockIdx.z;
  const int64_t begin = s.starts == nullptr ? 0 : s.starts[scene], count = (s.starts == nullptr ? s.rows : s.starts[scene + 1]) - begin;
  const int64_t first = begin + slice * count / gridDim.z, last = begin + (slice + 1) * count / gridDim.z;
  Two sum = {0, 0};
  if (column < columns)
    for (int64_t row = first + threadIdx.x / kColumns; row < last; row += kLanes) {
      const Two term = terms(row, column);
      sum.a += term.a, sum.b += term.b;
    }
  __shared__ Two sums[kThreads];
  sums[threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.x >= kColumns || column >= columns) return;
  for (int lane = 1; lane < kLanes; ++lane) sum.a += sums[lane * kColumns + threadIdx.x].a, sum.b += sums[lane * kColumns + threadIdx.x].b;
  const int64_t at = (slice * gridDim.y + scene) * columns + column;
  if (part_a != nullptr) part_a[at] = sum.a;
  if (part_b != nullptr) part_b[at] = sum.b;
}

template <typename T, typename G>
__global__ void norm_sums_kernel(Scenes s, const G* out_grad, const T* x, const float* stats, float* weight_parts, float* shift_parts) {
  sum_columns(s, s.channels, weight_parts, shift_parts, [&](int64_t row, int64_t c) {
    const float g = wide(out_grad[row * s.channels + c]);
    return Two{g * ((wide(x[row * s.channels + c]) - stats[2 * row]) * stats[2 * row + 1]), g};
  });
}

template <int Wide, typename X, typename Y, typename Out>
__global__ void gate_kernel(Scenes s, RowShare share, const X* x, const float* gate, const Y* y, Out* out) {
  const int64_t row = share.row();
  if (row >= s.rows) return;
  const float* by = gate + scene_of(s, row) * s.channels;
  each_channel<Wide>(share, s.channels, [&](int64_t c) {
    Values<Wide> values, factors, added;
    values.load(x + row * s.channels + c);
    factors.load(by + c);
    added.load(y + row * s.channels + c);
#pragma unroll
    for (int i = 0; i < Wide; ++i) values.at[i] += factors.at[i] * added.at[i];
    values.store(out + row * s.channels + c);
  });
}

// y_grad on the way to the sums: what is read for one serves the other.
template <typename G, typename Y>
__global__ void gate_backward_kernel(Scenes s, const G* out_grad, const float* gate, const Y* y, Y* y_grad, float* gate_parts) {
  const float* by = gate + blockIdx.y * s.channels;
  sum_columns(s, s.channels, gate_parts, nullptr, [&](int64_t row, int64_t c) {
    const int64_t i = row * s.channels + c;
    const float slope = wide(out_grad[i]);
    y_grad[i] = narrow<Y>(slope * by[c]);
    return Two{slope * wide(y[i]), 0};
  });
}

// A warp a row and head.
template <typename T>
__global__ void head_kernel(HeadRows t, T* out, float* inverse) {
  const int64_t i = warp_row();
  if (i >= t.rows * t.heads) return;
  const int64_t row = i / t.heads, head = i % t.heads;
  const int lane = threadIdx.x % 32;
  const T* x = static_cast<const T*>(t.x) + row * t.row_stride + head * t.head_stride;
  float squares = 0;
  for (int64_t d = lane; d < t.dim; d += 32) squares += wide(x[d]) * wide(x[d]);
  const float shrink = 1.0f / fmaxf(sqrtf(warp_sum(squares)), 1e-12f), scale = shrink * sqrtf(static_cast<float>(t.dim));
  for (int64_t d = lane; d < t.dim; d += 32) out[i * t.dim + d] = narrow<T>(wide(x[d]) * scale * t.gamma[head * t.dim + d]);
  if (lane == 0) inverse[i] = shrink;
}

template <typename T>
__global__ void head_backward_kernel(HeadRows t, const T* out_grad, const float* inverse, T* x_grad) {
  const int64_t i = warp_row();
  if (i >= t.rows * t.heads) return;
  const int64_t row = i / t.heads, head = i % t.heads;
  const int lane = threadIdx.x % 32;
  const T* x = static_cast<const T*>(t.x) + row * t.row_stride + head * t.head_stride;
  const T* grad = out_grad + i * t.dim;
  const float* gamma = t.gamma + head * t.dim;
  const float shrink = inverse[i], root = sqrtf(static_cast<float>(t.dim));
  float along = 0;
  for (int64_t d = lane; d < t.dim; d += 32) along += wide(grad[d]) * root * gamma[d] * (wide(x[d]) * shrink);
  along = warp_sum(along);
  for (int64_t d = lane; d < t.dim; d += 32)
    x_grad[i * t.dim + d] = narrow<T>(shrink * (wide(grad[d]) * root * gamma[d] - wide(x[d]) * shrink * along));
}

template <typename T>
__global__ void head_sums_kernel(HeadRows t, const T* out_grad, const float* inverse, float* gamma_parts) {
  const Scenes all{nullptr, 1, t.rows, t.heads * t.dim};
  const float root = sqrtf(static_cast<float>(t.dim));
  sum_columns(all, all.channels, gamma_parts, nullptr, [&](int64_t row, int64_t c) {
    const int64_t head = c / t.dim;
    const T x = static_cast<const T*>(t.x)[row * t.row_stride + head * t.head_stride + c % t.dim];
    return Two{wide(out_grad[row * all.channels + c]) * root * (wide(x) * inverse[row * t.heads + head]), 0};
  });
}

unsigned warp_blocks(int64_t rows) { return static_cast<unsigned>(blocks_for(rows, kWarps)); }
dim3 sum_grid(int64_t columns, int64_t scenes, int64_t slices) {
  return dim3(static_cast<unsigned>(blocks_for(columns, kColumns)), static_cast<unsigned>(scenes), static_cast<unsigned>(slices));
}

}  // namespace

int64_t row_slices(int64_t rows) {
  const int64_t slices = rows / 512;
  return slices < 1 ? 1 : slices > 64 ? 64 : slices;
}

void modulated_norm(Element in, Element out, const Scenes& s, const void* x, const float* weight, const float* shift, float eps, void* to,
                    float* stats, cudaStream_t stream) {
  if (s.rows == 0) return;
  for_half(in, [&](auto in_type) {
    for_half(out, [&](auto out_type) {
      with_width(whole_eights(s.channels, {x, weight, shift, to}), [&](auto width) {
        using T = decltype(in_type);
        using Out = decltype(out_type);
        constexpr int kWide = decltype(width)::value;
        const RowShare share = RowShare::of(s.channels, kWide);
        norm_kernel<kWide>
            <<<share.blocks(s.rows), kThreads, 0, stream>>>(s, share, static_cast<const T*>(x), weight, shift, eps, static_cast<Out*>(to), stats);
      });
    });
  });
}

void modulated_norm_backward(Element grad, Element in, const Scenes& s, const void* out_grad, const void* x, const float* weight, const float* stats,
                             void* x_grad, int64_t slices, float* weight_parts, float* shift_parts, cudaStream_t stream) {
  if (s.scenes == 0) return;
  for_half(grad, [&](auto grad_type) {
    for_half(in, [&](auto in_type) {
      using T = decltype(in_type);
      using G = decltype(grad_type);
      const G* g = static_cast<const G*>(out_grad);
      const T* from = static_cast<const T*>(x);
      if (s.rows > 0 && x_grad != nullptr)
        with_width(whole_eights(s.channels, {out_grad, x, weight, x_grad}), [&](auto width) {
          constexpr int kWide = decltype(width)::value;
          const RowShare share = RowShare::of(s.channels, kWide);
          norm_backward_kernel<kWide><<<share.blocks(s.rows), kThreads, 0, stream>>>(s, share, g, from, weight, stats, static_cast<T*>(x_grad));
        });
      if (weight_parts != nullptr || shift_parts != nullptr)
        norm_sums_kernel<<<sum_grid(s.channels, s.scenes, slices), kThreads, 0, stream>>>(s, g, from, stats, weight_parts, shift_parts);
    });
  });
}

void gated_add(Element x_element, Element y_element, Element out_element, const Scenes& s, const void* x, const float* gate, const void* y, void* out,
               cudaStream_t stream) {
  if (s.rows * s.channels == 0) return;
  for_half(x_element, [&](auto x_type) {
    for_half(y_element, [&](auto y_type) {
      for_half(out_element, [&](auto out_type) {
        with_width(whole_eights(s.channels, {x, gate, y, out}), [&](auto width) {
          using X = decltype(x_type);
          using Y = decltype(y_type);
          using Out = decltype(out_type);
          constexpr int kWide = decltype(width)::value;
          const RowShare share = RowShare::of(s.channels, kWide);
          gate_kernel<kWide><<<share.blocks(s.rows), kThreads, 0, stream>>>(s, share, static_cast<const X*>(x), gate, static_cast<const Y*>(y),
                                                                            static_cast<Out*>(out));
        });
      });
    });
  });
}

void gated_add_backward(Element grad, Element y_element, const Scenes& s, const void* out_grad, const float* gate, const void* y, void* y_grad,
                        int64_t slices, float* gate_parts, cudaStream_t stream) {
  if (s.scenes == 0 || s.channels == 0) return;
  for_half(grad, [&](auto grad_type) {
    for_half(y_element, [&](auto y_type) {
      using Y = decltype(y_type);
      using G = decltype(grad_type);
      gate_backward_kernel<<<sum_grid(s.channels, s.scenes, slices), kThreads, 0, stream>>>(
          s, static_cast<const G*>(out_grad), gate, static_cast<const Y*>(y), static_cast<Y*>(y_grad), gate_parts);
    });
  });
}

void head_norm(Element element, const HeadRows& t, void* out, float* inverse, cudaStream_t stream) {
  if (t.rows * t.heads == 0) return;
  for_half(element, [&](auto type) {
    using T = decltype(type);
    head_kernel<<<warp_blocks(t.rows * t.heads), kThreads, 0, stream>>>(t, static_cast<T*>(out), inverse);
  });
}

void head_norm_backward(Element element, const HeadRows& t, const void* out_grad, const float* inverse, void* x_grad, int64_t slices,
                        float* gamma_parts, cudaStream_t stream) {
  if (t.heads * t.dim == 0) return;
  for_half(element, [&](auto type) {
    using T = decltype(type);
    const T* g = static_cast<const T*>(out_grad);
    if (t.rows > 0) head_backward_kernel<<<warp_blocks(t.rows * t.heads), kThreads, 0, stream>>>(t, g, inverse, static_cast<T*>(x_grad));
    head_sums_kernel<<<sum_grid(t.heads * t.dim, 1, slices), kThreads, 0, stream>>>(t, g, inverse, gamma_parts);
  });
}

}  // namespace earthcraft::gpu
