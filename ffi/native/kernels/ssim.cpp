// See ssim.h.

#include "ssim.h"

namespace earthcraft::EC_VARIANT {
namespace {

constexpr int kReach = kSsimWindow / 2;
constexpr double kC1 = 0.01 * 0.01, kC2 = 0.03 * 0.03;

// exp(-i^2 / 4.5) normalised over i in -5..5
constexpr double kWindow[kSsimWindow] = {0.00102838008447911, 0.00759875813523919, 0.03600077212843083, 0.10936068950970002,
                                         0.21300553771125370, 0.26601172486179436, 0.21300553771125370, 0.10936068950970002,
                                         0.03600077212843083, 0.00759875813523919, 0.00102838008447911};

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
      for (int k = 0; k < kSsimWindow; ++k) sum += static_cast<T>(kWindow[k]) * line[i + k];
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
      const T weight = static_cast<T>(kWindow[k]);
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
  const T c1 = kC1, c2 = kC2;
  for (int64_t i = 0; i < p.height * p.width; ++i) {
    const T mx = m.x[i], my = m.y[i];
    const T a1 = 2 * mx * my + c1, a2 = 2 * (m.xy[i] - mx * my) + c2;
    const T b1 = mx * mx + my * my + c1, b2 = (m.xx[i] - mx * mx) + (m.yy[i] - my * my) + c2;
    p.map[i] = a1 * a2 / (b1 * b2);
  }
}

template <typename T>
void backward(const SsimPlane<T>& p) {
  const Moments<T> m(p);
  const T c1 = kC1, c2 = kC2;
  const int64_t plane = p.height * p.width;
  // The moments become the gradients of the map by mean x, mean y, and (times 2 x and y) by the variance and covariance.
  for (int64_t i = 0; i < plane; ++i) {
    const T mx = m.x[i], my = m.y[i];
    const T a1 = 2 * mx * my + c1, a2 = 2 * (m.xy[i] - mx * my) + c2;
    const T b1 = mx * mx + my * my + c1, b2 = (m.xx[i] - mx * mx) + (m.yy[i] - my * my) + c2;
    const T inverse = 1 / (b1 * b2), similarity = a1 * a2 * inverse, g = p.grad[i];
    const T of_variance = -similarity / b2, of_covariance = 2 * a1 * inverse;
    m.x[i] = g * (2 * my * a2 * inverse - 2 * mx * similarity / b1 - 2 * mx * of_variance - my * of_covariance);
    m.y[i] = g * (2 * mx * a2 * inverse - 2 * my * similarity / b1 - 2 * my * of_variance - mx * of_covariance);
    m.xx[i] = g * of_variance;
    m.xy[i] = g * of_covariance;
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
