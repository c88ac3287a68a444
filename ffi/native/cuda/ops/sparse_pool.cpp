// The twins of ops/sparse_pool.cpp on a GPU. Values of the maps are not looked at: that would wait for the GPU at every layer.

#include "../sparse_pool.h"

#include <ATen/ops/empty.h>
#include <torch/library.h>

#include "../../ops/sparse_pool.h"
#include "element.h"
#include "launch.h"

namespace earthcraft::gpu {
namespace {

void check_maps(const char* op, const at::Tensor& feats, const at::Tensor& children, const at::Tensor& parent, int64_t fine_rows,
                int64_t coarse_rows) {
  check_pool_maps(op, children, parent, fine_rows, coarse_rows);
  check_device(op, feats, {{"children", children}, {"parent", parent}});
}

at::Tensor gather_op(const at::Tensor& feats_any, const at::Tensor& children_any, const at::Tensor& parent, bool mean) {
  check_pool_feats("sparse_avg_down", feats_any);
  check_maps("sparse_avg_down", feats_any, children_any, parent, feats_any.size(0), map_rows(children_any));
  const at::Tensor feats = feats_any.contiguous(), children = children_any.contiguous();
  const OnDevice on(feats);
  at::Tensor out = at::empty({children.size(0), feats.size(1)}, feats.options());
  gather_children(element_of("sparse_avg_down", feats), feats.const_data_ptr(), children.const_data_ptr<int32_t>(), children.size(0), feats.size(1), mean,
                  out.mutable_data_ptr(), on.stream());
  on.launched();
  return out;
}

at::Tensor copy_op(const at::Tensor& feats_any, const at::Tensor& children_any, const at::Tensor& parent_any, bool shared) {
  check_pool_feats("sparse_copy_up", feats_any);
  check_maps("sparse_copy_up", feats_any, children_any, parent_any, map_rows(parent_any), feats_any.size(0));
  const at::Tensor feats = feats_any.contiguous(), children = children_any.contiguous(), parent = parent_any.contiguous();
  const OnDevice on(feats);
  at::Tensor out = at::empty({parent.size(0), feats.size(1)}, feats.options());
  copy_to_children(element_of("sparse_copy_up", feats), feats.const_data_ptr(), children.const_data_ptr<int32_t>(), parent.const_data_ptr<int64_t>(),
                   parent.size(0), feats.size(1), shared, out.mutable_data_ptr(), on.stream());
  on.launched();
  return out;
}

}  // namespace
}  // namespace earthcraft::gpu

TORCH_LIBRARY_IMPL(earthcraft, CUDA, m) {
  using namespace earthcraft::gpu;
  m.impl("sparse_gather_children", &gather_op);
  m.impl("sparse_copy_children", &copy_op);
}
