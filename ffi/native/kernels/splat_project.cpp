// Where splats fall on the image, and the gradients back to position, rotation and scale.

#include "splat_screen.h"

namespace earthcraft::EC_VARIANT {

void splat_project(const SplatProjection& job, int64_t begin, int64_t end) {
  const PinholeCamera<float> camera = pinhole(job.camera);
  for (int64_t i = begin; i < end; ++i) job.out[i] = on_screen(job, camera, i);
}

void splat_project_backward(const SplatProjection& job, int64_t splat, const float* grads, const SplatShapeGrads& out) {
  const SplatShapeGrads row{out.means + 3 * splat, out.quats + 4 * splat, out.scales + job.shapes.scale_width * splat, out.opacities + splat};
  project_backward(job, pinhole(job.camera), splat, grads, row);
}

}  // namespace earthcraft::EC_VARIANT
