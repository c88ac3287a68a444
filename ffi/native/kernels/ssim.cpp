// See ssim.h.

#include "ssim.h"

#include "ssim_formula.h"

namespace earthcraft::EC_VARIANT {
namespace {

enum class Source { plain, square, product };

// out = window * f(a, b), with `between` (a plane) and `line` (width + 22) as scratch.
template <Source source, typename T>
void blur(const T* a, const T* b, int64_t height, int64_t width, T* between, T* line, T* out) {
  for (int64_t i = 0; i < width + 2 * kReach; ++i) line[i] = 0;
  for (int64_t row = 0; row < height; ++row) {
    const T *from = a + row * width, *other = b + row * width;
    T* to = between + row * width;
    for (int64_t i = 0; i < width; ++i)
      line[kReach + i] = source == Source::plain ? from[i] : source == Source::square ? from[i] * from[i] : from[i] * other[i];
    for (int64_t i = 0; i < width; ++i) {
      T sum = 0;
      for (int k = 0; k < kSsimWindow; ++k) sum += window<T>(k) * line[i + k];
      to[i] = sum;
    }
  }
  for (int64_t row = 0; row < height; ++row) {
    T* to = out + row * width;
    for (int64_t i = 0; i < width; ++i) to[i] = 0;
    for (int k = 0; k < kSsimWindow; ++k) {
      const int64_t at = row + k - kReach;
      if (at < 0 || at >= height) continue;
      const T* from = between + at * width;
      const T weight = window<T>(k);
      for (int64_t i = 0; i < width; ++i) to[i] += weight * from[i];
    }
  }
}

template <typename T>
struct Moments {
  T *x, *y, *xx, *yy, *xy, *between, *line;
  explicit Moments(const SsimPlane<T>& p) {
    const int64_t plane = p.height * p.width;
    x = p.scratch, y = x + plane, xx = y + plane, yy = xx + plane, xy = yy + plane, between = xy + plane, line = between + plane;
    blur<Source::plain>(p.x, p.x, p.height, p.width, between, line, x);
    blur<Source::plain>(p.y, p.y, p.height, p.width, between, line, y);
    blur<Source::square>(p.x, p.x, p.height, p.width, between, line, xx);
    blur<Source::square>(p.y, p.y, p.height, p.width, between, line, yy);
    blur<Source::product>(p.x, p.y, p.height, p.width, between, line, xy);
  }
};

template <typename T>
void forward(const SsimPlane<T>& p) {
  const Moments<T> m(p);
  for (int64_t i = 0; i < p.height * p.width; ++i) p.map[i] = similarity(m.x[i], m.y[i], m.xx[i], m.yy[i], m.xy[i]);
}

template <typename T>
void backward(const SsimPlane<T>& p) {
  const Moments<T> m(p);
  const int64_t plane = p.height * p.width;
  // The moments become the gradients by themselves, those of variance and covariance without their factor 2 x or 2 y.
  for (int64_t i = 0; i < plane; ++i) {
    const MomentGrads<T> of = moment_grads(m.x[i], m.y[i], m.xx[i], m.yy[i], m.xy[i], p.grad[i]);
    m.x[i] = of.x, m.y[i] = of.y, m.xx[i] = of.variance, m.xy[i] = of.covariance;
  }
  blur<Source::plain>(m.xx, m.xx, p.height, p.width, m.between, m.line, m.yy);  // yy: blurred variance term
  blur<Source::plain>(m.xy, m.xy, p.height, p.width, m.between, m.line, m.xx);  // xx: blurred covariance term
  blur<Source::plain>(m.x, m.x, p.height, p.width, m.between, m.line, m.xy);
  for (int64_t i = 0; i < plane; ++i) p.x_grad[i] = m.xy[i] + 2 * p.x[i] * m.yy[i] + p.y[i] * m.xx[i];
  blur<Source::plain>(m.y, m.y, p.height, p.width, m.between, m.line, m.xy);
  for (int64_t i = 0; i < plane; ++i) p.y_grad[i] = m.xy[i] + 2 * p.y[i] * m.yy[i] + p.x[i] * m.xx[i];
}

}  // namespace

void ssim_forward_f32(const SsimPlane<float>& plane) { forward(plane); }
void ssim_forward_f64(const SsimPlane<double>& plane) { forward(plane); }
void ssim_backward_f32(const SsimPlane<float>& plane) { backward(plane); }
void ssim_backward_f64(const SsimPlane<double>& plane) { backward(plane); }

}  // namespace earthcraft::EC_VARIANT
