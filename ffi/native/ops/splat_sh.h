// The checked arguments of splat_sh.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

namespace earthcraft {

// Of V views: the splats [first, first + seen) that each sees, and where its camera stands.
struct ShViews {
  std::vector<int64_t> first, seen;
  std::vector<double> centre;  // [V, 3]
};

ShViews read_sh(const char* op, const at::Tensor& means_M3, const at::Tensor& sh_MK3, const at::Tensor& viewmats_V44,
                const std::optional<at::Tensor>& ranges_V2);

}  // namespace earthcraft
