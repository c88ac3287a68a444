// Between two levels of a sparse pyramid: the mean of a cell's children, and a cell's value copied to its children.
//
// Shapes:  feats of the fine level [N, C], of the coarse level [M, C]; children int32 [M, 8] (row of the fine level or −1) and parent int64 [N], both
// from voxel_coarsen. Both directions gather by these maps, so neither they nor their gradients (each other's, up to the count of children) add in
// any order but the slots'.

#include "sparse_pool.h"

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>

namespace earthcraft {
namespace {

struct Maps {
  at::Tensor children, parent;
};

Maps checked_maps(const char* op, const at::Tensor& children, const at::Tensor& parent, int64_t fine_rows, int64_t coarse_rows) {
  check_pool_maps(op, children, parent, fine_rows, coarse_rows);
  Maps maps{children.contiguous(), parent.contiguous()};
  const int32_t* child = maps.children.const_data_ptr<int32_t>();
  for (int64_t i = 0; i < 8 * coarse_rows; ++i)
    TORCH_CHECK_INDEX(child[i] >= -1 && child[i] < fine_rows, op, ": children row ", i / 8, ", slot ", i % 8, " is ", child[i], ", but there are ",
                      fine_rows, " fine voxels");
  const int64_t* up = maps.parent.const_data_ptr<int64_t>();
  for (int64_t i = 0; i < fine_rows; ++i)
    TORCH_CHECK_INDEX(up[i] >= 0 && up[i] < coarse_rows, op, ": parent row ", i, " is ", up[i], ", but there are ", coarse_rows, " coarse voxels");
  return maps;
}

int64_t row_grain(int64_t channels) { return std::max<int64_t>(1, 32768 / std::max<int64_t>(1, channels)); }

// Sum over a cell's children, slot after slot in f32 (f64 for f64), divided by their number where `mean`.
at::Tensor gather_children(const at::Tensor& feats_any, const at::Tensor& children, bool mean) {
  const at::Tensor feats = feats_any.contiguous();
  const int64_t cells = children.size(0), channels = feats.size(1);
  at::Tensor out = at::empty({cells, channels}, feats.options());
  const int32_t* child = children.const_data_ptr<int32_t>();
  AT_DISPATCH_FLOATING_TYPES_AND2(at::kBFloat16, at::kHalf, feats.scalar_type(), "sparse_avg_down", [&] {
    using sum_t = std::conditional_t<std::is_same_v<scalar_t, double>, double, float>;
    const scalar_t* from = feats.const_data_ptr<scalar_t>();
    scalar_t* to = out.mutable_data_ptr<scalar_t>();
    at::parallel_for(0, cells, row_grain(channels), [&](int64_t begin, int64_t end) {
      std::vector<sum_t> sums(channels);
      for (int64_t cell = begin; cell < end; ++cell) {
        std::fill(sums.begin(), sums.end(), sum_t(0));
        int count = 0;
        for (int slot = 0; slot < 8; ++slot) {
          const int32_t row = child[8 * cell + slot];
          if (row < 0) continue;
          ++count;
          for (int64_t c = 0; c < channels; ++c) sums[c] += static_cast<sum_t>(from[row * channels + c]);
        }
        const sum_t factor = mean ? sum_t(1) / std::max(count, 1) : sum_t(1);
        for (int64_t c = 0; c < channels; ++c) to[cell * channels + c] = static_cast<scalar_t>(sums[c] * factor);
      }
    });
  });
  return out;
}

// Each child takes its parent's row, divided by the number of children where `shared`.
at::Tensor copy_to_children(const at::Tensor& feats_any, const at::Tensor& children, const at::Tensor& parent, bool shared) {
  const at::Tensor feats = feats_any.contiguous();
  const int64_t rows = parent.size(0), channels = feats.size(1);
  at::Tensor out = at::empty({rows, channels}, feats.options());
  const int64_t* up = parent.const_data_ptr<int64_t>();
  const int32_t* child = children.const_data_ptr<int32_t>();
  AT_DISPATCH_FLOATING_TYPES_AND2(at::kBFloat16, at::kHalf, feats.scalar_type(), "sparse_copy_up", [&] {
    using sum_t = std::conditional_t<std::is_same_v<scalar_t, double>, double, float>;
    const scalar_t* from = feats.const_data_ptr<scalar_t>();
    scalar_t* to = out.mutable_data_ptr<scalar_t>();
    at::parallel_for(0, rows, row_grain(channels), [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        const scalar_t* source = from + up[row] * channels;
        if (shared) {
          const auto count = std::count_if(child + 8 * up[row], child + 8 * up[row] + 8, [](int32_t c) { return c >= 0; });
          const sum_t factor = sum_t(1) / static_cast<sum_t>(std::max<int64_t>(count, 1));
          for (int64_t c = 0; c < channels; ++c) to[row * channels + c] = static_cast<scalar_t>(static_cast<sum_t>(source[c]) * factor);
        } else {
          std::copy(source, source + channels, to + row * channels);
        }
      }
    });
  });
  return out;
}

// `mean` false: the sum, which is sparse_copy_up's gradient
at::Tensor sparse_gather_children(const at::Tensor& feats, const at::Tensor& children, const at::Tensor& parent, bool mean) {
  check_pool_feats("sparse_avg_down", feats);
  const Maps maps = checked_maps("sparse_avg_down", children, parent, feats.size(0), map_rows(children));
  return gather_children(feats, maps.children, mean);
}

// `shared` true: each child takes its part, which is sparse_avg_down's gradient
at::Tensor sparse_copy_children(const at::Tensor& feats, const at::Tensor& children, const at::Tensor& parent, bool shared) {
  check_pool_feats("sparse_copy_up", feats);
  const Maps maps = checked_maps("sparse_copy_up", children, parent, map_rows(parent), feats.size(0));
  return copy_to_children(feats, maps.children, maps.parent, shared);
}

at::Tensor call(const char* name, const at::Tensor& feats, const at::Tensor& children, const at::Tensor& parent, bool flag) {
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, "").typed<decltype(sparse_gather_children)>().call(feats, children, parent, flag);
}

constexpr const char* kGather = "earthcraft::sparse_gather_children";
constexpr const char* kCopy = "earthcraft::sparse_copy_children";

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Gathering and copying are each other's transpose: mean ↔ shared, sum ↔ plain copy.
template <bool gathers>
struct PoolFunction : torch::autograd::Function<PoolFunction<gathers>> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& feats, const at::Tensor& children, const at::Tensor& parent, bool flag) {
    at::AutoDispatchBelowADInplaceOrView guard;
    ctx->save_for_backward({children, parent});
    ctx->saved_data["flag"] = flag;
    return call(gathers ? kGather : kCopy, feats, children, parent, flag);
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const variable_list saved = ctx->get_saved_variables();
    variable_list result(4);
    result[0] = call(gathers ? kCopy : kGather, grads[0], saved[0], saved[1], ctx->saved_data["flag"].toBool());
    return result;
  }
};

template <bool gathers>
at::Tensor pool_autograd(const at::Tensor& feats, const at::Tensor& children, const at::Tensor& parent, bool flag) {
  return PoolFunction<gathers>::apply(feats, children, parent, flag);
}

at::Tensor sparse_avg_down(const at::Tensor& feats, const at::Tensor& children, const at::Tensor& parent) {
  return call(kGather, feats, children, parent, true);
}
at::Tensor sparse_copy_up(const at::Tensor& feats, const at::Tensor& children, const at::Tensor& parent) {
  return call(kCopy, feats, children, parent, false);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(earthcraft, m) {
  m.def("sparse_avg_down(Tensor feats, Tensor children, Tensor parent) -> Tensor");
  m.def("sparse_copy_up(Tensor feats, Tensor children, Tensor parent) -> Tensor");
  m.def("sparse_gather_children(Tensor feats, Tensor children, Tensor parent, bool mean) -> Tensor");
  m.def("sparse_copy_children(Tensor feats, Tensor children, Tensor parent, bool shared) -> Tensor");
}

TORCH_LIBRARY_IMPL(earthcraft, CPU, m) {
  m.impl("sparse_gather_children", &sparse_gather_children);
  m.impl("sparse_copy_children", &sparse_copy_children);
}
TORCH_LIBRARY_IMPL(earthcraft, CompositeImplicitAutograd, m) {
  m.impl("sparse_avg_down", &sparse_avg_down);
  m.impl("sparse_copy_up", &sparse_copy_up);
}
TORCH_LIBRARY_IMPL(earthcraft, Autograd, m) {
  m.impl("sparse_gather_children", &pool_autograd<true>);
  m.impl("sparse_copy_children", &pool_autograd<false>);
}

}  // namespace earthcraft
