// What a flow's blocks do with the time embedding, and the norm of attention heads, on a GPU: what the kernels in modulation.cu take. x and y are f32
// or bf16, rows of scenes and sums f32.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "element.h"

namespace earthcraft::gpu {

// Rows [starts[s], starts[s + 1]) belong to scene s.
struct Scenes {
  const int64_t* starts;  // [scenes + 1]
  int64_t scenes, rows, channels;
};

// out = norm(x) · weight + shift by scene, either of which may be null; stats [rows, 2]: mean and 1 / sqrt(variance + eps). A single scene needs no
// starts.
void modulated_norm(Element in, Element out, const Scenes& scenes, const void* x, const float* weight, const float* shift, float eps, void* to,
                    float* stats, cudaStream_t stream);
// x_grad, and partial sums [slices, scenes, channels] of the gradients of weight and shift; null where not wanted
void modulated_norm_backward(Element grad, Element in, const Scenes& scenes, const void* out_grad, const void* x, const float* weight,
                             const float* stats, void* x_grad, int64_t slices, float* weight_parts, float* shift_parts, cudaStream_t stream);

// out = x + gate · y by scene
void gated_add(Element x_element, Element y_element, Element out_element, const Scenes& scenes, const void* x, const float* gate, const void* y,
               void* out, cudaStream_t stream);
// y_grad = gate · out_grad, and partial sums of the gradient of gate
void gated_add_backward(Element grad, Element y_element, const Scenes& scenes, const void* out_grad, const float* gate, const void* y, void* y_grad,
                        int64_t slices, float* gate_parts, cudaStream_t stream);

// x [rows, heads, dim] with any strides over rows and heads; out = x / |x| · √dim · gamma [heads, dim]; inverse [rows, heads] = 1 / |x|
struct HeadRows {
  const void* x;
  int64_t row_stride, head_stride, rows, heads, dim;
  const float* gamma;
};
void head_norm(Element element, const HeadRows& task, void* out, float* inverse, cudaStream_t stream);
// x_grad dense, and partial sums [slices, heads · dim] of the gradient of gamma
void head_norm_backward(Element element, const HeadRows& task, const void* out_grad, const float* inverse, void* x_grad, int64_t slices,
                        float* gamma_parts, cudaStream_t stream);

// Slices of a scene's rows that are summed apart, set by the number of rows alone.
int64_t row_slices(int64_t rows);

}  // namespace earthcraft::gpu
