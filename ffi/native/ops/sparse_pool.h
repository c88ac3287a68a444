// What pooling between two levels asks of its arguments on every device: shapes and types. Values of the maps are looked at on the CPU only.
#pragma once

#include <ATen/core/Tensor.h>

namespace earthcraft {

inline void check_pool_feats(const char* op, const at::Tensor& feats) {
  TORCH_CHECK(feats.dim() == 2 && at::isFloatingType(feats.scalar_type()), op, ": feats must be floating point [rows, C], got ", feats.scalar_type(),
              " ", feats.sizes());
}

// Rows of a map whose shape is yet to be checked.
inline int64_t map_rows(const at::Tensor& map) { return map.dim() > 0 ? map.size(0) : 0; }

inline void check_pool_maps(const char* op, const at::Tensor& children, const at::Tensor& parent, int64_t fine_rows, int64_t coarse_rows) {
  TORCH_CHECK(children.dim() == 2 && children.size(1) == 8 && children.scalar_type() == at::kInt && children.size(0) == coarse_rows, op,
              ": children must be int32 [", coarse_rows, ", 8], got ", children.scalar_type(), " ", children.sizes());
  TORCH_CHECK(parent.dim() == 1 && parent.scalar_type() == at::kLong && parent.size(0) == fine_rows, op, ": parent must be int64 [", fine_rows,
              "], got ", parent.scalar_type(), " ", parent.sizes());
}

}  // namespace earthcraft
