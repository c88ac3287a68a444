// A block makes one tile of one plane: it reads the tile and its rim of 5 pixels, blurs along the rows into shared memory, then along the columns.
// Sums go over the window in its order, as on the CPU.

#include "grid.cuh"
#include "kernels/ssim_formula.h"
#include "ssim.h"

namespace earthcraft::gpu {
namespace {

using EC_VARIANT::kReach;
using EC_VARIANT::window;

constexpr int kTileWidth = 32;

// Rows of a tile: of doubles fewer fit.
template <typename T>
constexpr int kTileRows = sizeof(T) == 4 ? 16 : 8;

template <typename T>
struct Tile {
  static constexpr int kRows = kTileRows<T>, kHigh = kRows + 2 * kReach, kWide = kTileWidth + 2 * kReach;
  int64_t plane, x0, y0, height, width;

  __device__ Tile(int64_t height, int64_t width) : height(height), width(width) {
    const int64_t across = (width + kTileWidth - 1) / kTileWidth, down = (height + kRows - 1) / kRows;
    plane = blockIdx.x / (across * down);
    y0 = blockIdx.x / across % down * kRows;
    x0 = blockIdx.x % across * kTileWidth;
  }

  // The tile and its rim of one plane, 0 outside the image.
  __device__ void read(const T* planes, T (&to)[kHigh][kWide]) const {
    const T* from = planes + plane * height * width;
    for (int i = threadIdx.x; i < kHigh * kWide; i += kThreads) {
      const int64_t y = y0 + i / kWide - kReach, x = x0 + i % kWide - kReach;
      to[i / kWide][i % kWide] = y >= 0 && y < height && x >= 0 && x < width ? from[y * width + x] : T(0);
    }
  }

  // Calls visit(row, column, pixel) for this thread's pixels of the tile that lie in the image; pixel counts in the stack of planes.
  template <typename Visit>
  __device__ void each(const Visit& visit) const {
    for (int i = threadIdx.x; i < kRows * kTileWidth; i += kThreads) {
      const int row = i / kTileWidth, col = i % kTileWidth;
      if (y0 + row < height && x0 + col < width) visit(row, col, (plane * height + y0 + row) * width + x0 + col);
    }
  }
};

template <typename T>
__device__ T blur_column(const T (&rows)[Tile<T>::kHigh][kTileWidth], int row, int col) {
  T sum = 0;
#pragma unroll
  for (int k = 0; k < kSsimWindow; ++k) sum += window<T>(k) * rows[row + k][col];
  return sum;
}

// Calls use(pixel, x, y, xx, yy, xy) with the windowed moments of each pixel.
template <typename T, typename Use>
__device__ void moments(const T* x_planes, const T* y_planes, int64_t height, int64_t width, const Use& use) {
  using Tile = Tile<T>;
  __shared__ T x[Tile::kHigh][Tile::kWide], y[Tile::kHigh][Tile::kWide];
  __shared__ T rows[5][Tile::kHigh][kTileWidth];
  const Tile tile(height, width);
  tile.read(x_planes, x);
  tile.read(y_planes, y);
  __syncthreads();
  for (int i = threadIdx.x; i < Tile::kHigh * kTileWidth; i += kThreads) {
    const int row = i / kTileWidth, col = i % kTileWidth;
    T sums[5] = {};
#pragma unroll
    for (int k = 0; k < kSsimWindow; ++k) {
      const T a = x[row][col + k], b = y[row][col + k], w = window<T>(k);
      sums[0] += w * a, sums[1] += w * b, sums[2] += w * (a * a), sums[3] += w * (b * b), sums[4] += w * (a * b);
    }
    for (int s = 0; s < 5; ++s) rows[s][row][col] = sums[s];
  }
  __syncthreads();
  tile.each([&](int row, int col, int64_t pixel) {
    use(pixel, blur_column<T>(rows[0], row, col), blur_column<T>(rows[1], row, col), blur_column<T>(rows[2], row, col),
        blur_column<T>(rows[3], row, col), blur_column<T>(rows[4], row, col));
  });
}

template <typename T>
__global__ void __launch_bounds__(kThreads) similarity_map(const T* x, const T* y, int64_t height, int64_t width, T* map) {
  moments(x, y, height, width, [&](int64_t pixel, T mx, T my, T xx, T yy, T xy) { map[pixel] = EC_VARIANT::similarity(mx, my, xx, yy, xy); });
}

template <typename T>
__global__ void __launch_bounds__(kThreads)
    moment_gradients(const T* grad, const T* x, const T* y, int64_t height, int64_t width, int64_t size, T* moment_grads) {
  moments(x, y, height, width, [&](int64_t pixel, T mx, T my, T xx, T yy, T xy) {
    const EC_VARIANT::MomentGrads<T> of = EC_VARIANT::moment_grads(mx, my, xx, yy, xy, grad[pixel]);
    moment_grads[pixel] = of.x;
    moment_grads[size + pixel] = of.y;
    moment_grads[2 * size + pixel] = of.variance;
    moment_grads[3 * size + pixel] = of.covariance;
  });
}

// The window is its own transpose: the gradients of the pixels are blurs of the gradients of the moments.
template <typename T>
__global__ void __launch_bounds__(kThreads)
    pixel_gradients(const T* moment_grads, const T* x, const T* y, int64_t height, int64_t width, int64_t size, T* x_grad, T* y_grad) {
  using Tile = Tile<T>;
  __shared__ T source[Tile::kHigh][Tile::kWide];
  __shared__ T rows[4][Tile::kHigh][kTileWidth];
  const Tile tile(height, width);
  for (int s = 0; s < 4; ++s) {
    __syncthreads();  // the last source has been read
    tile.read(moment_grads + s * size, source);
    __syncthreads();
    for (int i = threadIdx.x; i < Tile::kHigh * kTileWidth; i += kThreads) {
      const int row = i / kTileWidth, col = i % kTileWidth;
      T sum = 0;
#pragma unroll
      for (int k = 0; k < kSsimWindow; ++k) sum += window<T>(k) * source[row][col + k];
      rows[s][row][col] = sum;
    }
  }
  __syncthreads();
  tile.each([&](int row, int col, int64_t pixel) {
    const T variance = blur_column<T>(rows[2], row, col), covariance = blur_column<T>(rows[3], row, col);
    x_grad[pixel] = blur_column<T>(rows[0], row, col) + 2 * x[pixel] * variance + y[pixel] * covariance;
    y_grad[pixel] = blur_column<T>(rows[1], row, col) + 2 * y[pixel] * variance + x[pixel] * covariance;
  });
}

template <typename T>
unsigned tile_blocks(int64_t planes, int64_t height, int64_t width) {
  return static_cast<unsigned>(planes * blocks_for(height, kTileRows<T>) * blocks_for(width, kTileWidth));
}

}  // namespace

template <typename T>
void ssim(const T* x, const T* y, int64_t planes, int64_t height, int64_t width, T* map, cudaStream_t stream) {
  if (planes * height * width == 0) return;
  similarity_map<<<tile_blocks<T>(planes, height, width), kThreads, 0, stream>>>(x, y, height, width, map);
}

template <typename T>
void ssim_backward(const T* grad, const T* x, const T* y, int64_t planes, int64_t height, int64_t width, T* moment_grads, T* x_grad, T* y_grad,
                   cudaStream_t stream) {
  const int64_t size = planes * height * width;
  if (size == 0) return;
  const unsigned blocks = tile_blocks<T>(planes, height, width);
  moment_gradients<<<blocks, kThreads, 0, stream>>>(grad, x, y, height, width, size, moment_grads);
  pixel_gradients<<<blocks, kThreads, 0, stream>>>(moment_grads, x, y, height, width, size, x_grad, y_grad);
}

template void ssim(const float*, const float*, int64_t, int64_t, int64_t, float*, cudaStream_t);
template void ssim(const double*, const double*, int64_t, int64_t, int64_t, double*, cudaStream_t);
template void ssim_backward(const float*, const float*, const float*, int64_t, int64_t, int64_t, float*, float*, float*, cudaStream_t);
template void ssim_backward(const double*, const double*, const double*, int64_t, int64_t, int64_t, double*, double*, double*, cudaStream_t);

}  // namespace earthcraft::gpu
