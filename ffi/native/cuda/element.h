// Element types that cross from glue to kernels as a number, because neither sees the other's templates.
#pragma once

namespace earthcraft::gpu {

enum class Element { f32, f64, bf16, f16 };

}  // namespace earthcraft::gpu
