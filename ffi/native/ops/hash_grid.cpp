// Multiresolution hash encoding (Müller et al. 2022, section 3): features of points, interpolated between the corners of grids from coarse to fine,
// whose rows many corners share where the grid is finer than the table is long.
//
// A thread sums the gradient of whole levels, sample after sample: one order at every number of threads, and no more threads than levels. f32 runs
// the blocked kernel, f64 the plain reference.
//
// Shapes:  positions_N3 in [0, 1] (moved to the border from beyond, without gradient there), table_EF: the rows of all levels, `resolutions` cells an
// axis
//          ->   [N, levels * F], stored feature by feature

#include "hash_grid.h"

#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>
#include <atomic>
#include <tuple>

#include "../kernels/hash_grid.h"
#include "autocast.h"
#include "hash_grid_reference.h"

namespace earthcraft {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kGrain = 256;  // samples a thread takes at least

at::Tensor hash_grid_op(const at::Tensor& positions_N3, const at::Tensor& table_EF, at::IntArrayRef resolutions, int64_t log2_entries) {
  const std::vector<HashLevel> levels = check_hash_grid("hash_grid", positions_N3, table_EF, resolutions, log2_entries);
  const int64_t n = positions_N3.size(0), width = table_EF.size(1), channels = static_cast<int64_t>(levels.size()) * width;
  const at::Tensor table = table_EF.contiguous();
  if (positions_N3.scalar_type() == at::kDouble) {
    at::Tensor out = at::zeros({n, channels}, positions_N3.options());
    HashGridReference<double>{levels, n, width}.forward(positions_N3.contiguous().const_data_ptr<double>(), table.const_data_ptr<double>(),
                                                        out.mutable_data_ptr<double>());
    return out;
  }
  const at::Tensor positions = positions_N3.t().contiguous();
  at::Tensor out = at::empty({channels, n}, positions.options());
  const float *from = positions.const_data_ptr<float>(), *rows = table.const_data_ptr<float>();
  float* to = out.mutable_data_ptr<float>();
  const auto kernel = EC_KERNEL(hash_grid_forward);
  at::parallel_for(0, n, kGrain, [&](int64_t begin, int64_t end) {
    // Level after level: what a level's rows bring into the cache serves all samples.
    for (size_t l = 0; l < levels.size(); ++l) kernel({from, n, begin, end}, levels[l], rows, width, to + static_cast<int64_t>(l) * width * n);
  });
  return out.t();
}

std::tuple<at::Tensor, at::Tensor> hash_grid_backward_op(const at::Tensor& out_grad, const at::Tensor& positions_N3, const at::Tensor& table_EF,
                                                         at::IntArrayRef resolutions, int64_t log2_entries, bool positions_wanted,
                                                         bool table_wanted) {
  const std::vector<HashLevel> levels = check_hash_grid("hash_grid_backward", positions_N3, table_EF, resolutions, log2_entries);
  check_hash_grad(out_grad, positions_N3, table_EF, levels.size());
  const int64_t n = positions_N3.size(0), width = table_EF.size(1);
  const at::Tensor table = table_EF.contiguous();
  at::Tensor positions_grad, table_grad;
  if (positions_N3.scalar_type() == at::kDouble) {
    if (positions_wanted) positions_grad = at::zeros({n, 3}, positions_N3.options());
    if (table_wanted) table_grad = at::zeros(table.sizes(), table.options());
    const at::Tensor positions = positions_N3.contiguous(), grad = out_grad.contiguous();
    HashGridReference<double>{levels, n, width}.backward(
        positions.const_data_ptr<double>(), table.const_data_ptr<double>(), grad.const_data_ptr<double>(),
        positions_wanted ? positions_grad.mutable_data_ptr<double>() : nullptr, table_wanted ? table_grad.mutable_data_ptr<double>() : nullptr);
    return {positions_grad, table_grad};
  }
  const at::Tensor positions = positions_N3.t().contiguous(), grad = out_grad.t().contiguous();
  const float *from = positions.const_data_ptr<float>(), *slopes = grad.const_data_ptr<float>(), *rows = table.const_data_ptr<float>();
  if (table_wanted) {
    table_grad = at::empty(table.sizes(), table.options());
    float* to = table_grad.mutable_data_ptr<float>();
    const auto kernel = EC_KERNEL(hash_grid_table_grad);
    // Fine levels take longer than coarse ones: whoever is free takes the next finest. Which thread it is decides nothing.
    std::atomic<int64_t> left{static_cast<int64_t>(levels.size())};
    at::parallel_for(0, std::min<int64_t>(at::get_num_threads(), left), 1, [&](int64_t, int64_t) {
      for (int64_t l; (l = --left) >= 0;) {
        std::fill_n(to + levels[l].first * width, levels[l].entries * width, 0.0f);
        kernel({from, n, 0, n}, levels[l], slopes + l * width * n, width, to);
      }
    });
  }
  if (positions_wanted) {
    positions_grad = at::zeros({3, n}, positions.options());
    float* to = positions_grad.mutable_data_ptr<float>();
    const auto kernel = EC_KERNEL(hash_grid_position_grad);
    at::parallel_for(0, n, kGrain, [&](int64_t begin, int64_t end) {
      for (size_t l = 0; l < levels.size(); ++l)
        kernel({from, n, begin, end}, levels[l], rows, slopes + static_cast<int64_t>(l) * width * n, width, to);
    });
    positions_grad = positions_grad.t();
  }
  return {positions_grad, table_grad};
}

struct HashGridFunction : torch::autograd::Function<HashGridFunction> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& positions, const at::Tensor& table, at::IntArrayRef resolutions,
                            int64_t log2_entries) {
    static const auto op = c10::Dispatcher::singleton().findSchemaOrThrow("earthcraft::hash_grid", "").typed<decltype(hash_grid_op)>();
    at::AutoDispatchBelowADInplaceOrView below;
    ctx->save_for_backward({positions, table});
    ctx->saved_data["resolutions"] = resolutions.vec();
    ctx->saved_data["log2_entries"] = log2_entries;
    return op.call(positions, table, resolutions, log2_entries);
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    TORCH_CHECK(!at::GradMode::is_enabled(), "hash_grid: its gradient cannot be differentiated again (create_graph)");
    static const auto op =
        c10::Dispatcher::singleton().findSchemaOrThrow("earthcraft::hash_grid_backward", "").typed<decltype(hash_grid_backward_op)>();
    const variable_list saved = ctx->get_saved_variables();
    const auto [positions_grad, table_grad] = op.call(grads[0], saved[0], saved[1], ctx->saved_data["resolutions"].toIntVector(),
                                                      ctx->saved_data["log2_entries"].toInt(), ctx->needs_input_grad(0), ctx->needs_input_grad(1));
    return {positions_grad, table_grad, at::Tensor(), at::Tensor()};
  }
};

at::Tensor hash_grid_autograd(const at::Tensor& positions, const at::Tensor& table, at::IntArrayRef resolutions, int64_t log2_entries) {
  return HashGridFunction::apply(positions, table, resolutions, log2_entries);
}

template <c10::DeviceType device>
at::Tensor hash_grid_autocast(const at::Tensor& positions, const at::Tensor& table, at::IntArrayRef resolutions, int64_t log2_entries) {
  static const auto op = c10::Dispatcher::singleton().findSchemaOrThrow("earthcraft::hash_grid", "").typed<decltype(hash_grid_op)>();
  const NoAutocast<device> off;
  return op.call(at_least_f32(positions), at_least_f32(table), resolutions, log2_entries);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(earthcraft, m) {
  m.def("hash_grid(Tensor positions, Tensor table, int[] resolutions, int log2_entries) -> Tensor");
  m.def(
      "hash_grid_backward(Tensor out_grad, Tensor positions, Tensor table, int[] resolutions, int log2_entries, bool positions_wanted, bool "
      "table_wanted) -> (Tensor positions_grad, Tensor table_grad)");
}
TORCH_LIBRARY_IMPL(earthcraft, CPU, m) {
  m.impl("hash_grid", &hash_grid_op);
  m.impl("hash_grid_backward", &hash_grid_backward_op);
}
TORCH_LIBRARY_IMPL(earthcraft, Autograd, m) { m.impl("hash_grid", &hash_grid_autograd); }
TORCH_LIBRARY_IMPL(earthcraft, AutocastCPU, m) { m.impl("hash_grid", &hash_grid_autocast<c10::DeviceType::CPU>); }
TORCH_LIBRARY_IMPL(earthcraft, AutocastCUDA, m) { m.impl("hash_grid", &hash_grid_autocast<c10::DeviceType::CUDA>); }

}  // namespace earthcraft
