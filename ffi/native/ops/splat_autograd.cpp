// The gradient and autocast rules of splat_render: always float32, double differentiation is refused.

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/sum.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <optional>
#include <tuple>
#include <vector>

namespace earthcraft {
namespace {

using Images = std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor, at::Tensor, at::Tensor>;
using OptionalTensor = std::optional<at::Tensor>;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

using Render = Images(const at::Tensor&, const at::Tensor&, const at::Tensor&, const at::Tensor&, const at::Tensor&, const at::Tensor&,
                      const at::Tensor&, int64_t, int64_t, const OptionalTensor&, const OptionalTensor&, double, double, bool);
using Forward = std::vector<at::Tensor>(const at::Tensor&, const at::Tensor&, const at::Tensor&, const at::Tensor&, const at::Tensor&,
                                        const at::Tensor&, const at::Tensor&, int64_t, int64_t, const OptionalTensor&, const OptionalTensor&, double,
                                        double, bool);
using Backward = std::vector<at::Tensor>(const OptionalTensor&, const OptionalTensor&, const OptionalTensor&, const OptionalTensor&,
                                         const OptionalTensor&, const at::Tensor&, const at::Tensor&, const at::Tensor&, const at::Tensor&,
                                         const at::Tensor&, const at::Tensor&, const at::Tensor&, int64_t, int64_t, const OptionalTensor&,
                                         const OptionalTensor&, double, double, at::TensorList);

template <typename Signature>
c10::TypedOperatorHandle<Signature> find(const char* name) {
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, "").typed<Signature>();
}

OptionalTensor present(const at::Tensor& t) { return t.defined() ? OptionalTensor(t) : std::nullopt; }

struct SplatRender : torch::autograd::Function<SplatRender> {
  static variable_list forward(AutogradContext* ctx, const at::Tensor& means, const at::Tensor& quats, const at::Tensor& scales,
                               const at::Tensor& opacities, const at::Tensor& colors, const at::Tensor& viewmats, const at::Tensor& Ks, int64_t width,
                               int64_t height, const OptionalTensor& background, const OptionalTensor& ranges, double near, double far,
                               bool distortion) {
    static const auto op = find<Forward>("earthcraft::splat_render_forward");
    at::AutoDispatchBelowADInplaceOrView below;
    const std::vector<at::Tensor> out =
        op.call(means, quats, scales, opacities, colors, viewmats, Ks, width, height, background, ranges, near, far, distortion);
    ctx->save_for_backward({means, quats, scales, opacities, colors, viewmats, Ks, background.value_or(at::Tensor()), ranges.value_or(at::Tensor()),
                            out[2], out[5], out[6], out[7], out[8], out[9], out[10], out[11]});
    ctx->saved_data["width"] = width;
    ctx->saved_data["height"] = height;
    ctx->saved_data["near"] = near;
    ctx->saved_data["far"] = far;
    ctx->set_materialize_grads(false);
    ctx->mark_non_differentiable(distortion ? variable_list{out[3]} : variable_list{out[3], out[11]});
    return {out[0], out[1], out[2], out[3], out[4], out[11]};
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    TORCH_CHECK(!at::GradMode::is_enabled(), "splat_render: its gradient cannot be differentiated again (create_graph)");
    static const auto op = find<Backward>("earthcraft::splat_render_backward");
    const variable_list s = ctx->get_saved_variables();
    const std::vector<at::Tensor> out =
        op.call(present(grads[0]), present(grads[1]), present(grads[2]), present(grads[4]), present(grads[5]), s[0], s[1], s[2], s[3], s[4], s[5],
                s[6], ctx->saved_data["width"].toInt(), ctx->saved_data["height"].toInt(), present(s[7]), present(s[8]),
                ctx->saved_data["near"].toDouble(), ctx->saved_data["far"].toDouble(), std::vector<at::Tensor>(s.begin() + 9, s.end()));
    at::Tensor of_background;
    if (s[7].defined() && grads[0].defined()) {
      of_background = at::mul(grads[0], s[10].unsqueeze(1)).sum({2, 3});
      if (s[7].dim() == 1) of_background = of_background.sum(0);
    }
    const at::Tensor none;
    return {out[0], out[1], out[2], out[3], out[4], none, none, none, none, of_background, none, none, none, none};
  }
};

Images splat_render_autograd(const at::Tensor& means, const at::Tensor& quats, const at::Tensor& scales, const at::Tensor& opacities,
                             const at::Tensor& colors, const at::Tensor& viewmats, const at::Tensor& Ks, int64_t width, int64_t height,
                             const OptionalTensor& background, const OptionalTensor& ranges, double near, double far, bool distortion) {
  const bool wanted =
      at::GradMode::is_enabled() && (means.requires_grad() || quats.requires_grad() || scales.requires_grad() || opacities.requires_grad() ||
                                     colors.requires_grad() || (background && background->requires_grad()));
  if (!wanted) {
    static const auto op = find<Render>("earthcraft::splat_render");
    at::AutoDispatchBelowADInplaceOrView below;
    return op.call(means, quats, scales, opacities, colors, viewmats, Ks, width, height, background, ranges, near, far, distortion);
  }
  const variable_list out =
      SplatRender::apply(means, quats, scales, opacities, colors, viewmats, Ks, width, height, background, ranges, near, far, distortion);
  return {out[0], out[1], out[2], out[3], out[4], out[5]};
}

at::Tensor f32(const at::Tensor& t) { return t.to(at::kFloat); }

Images splat_render_autocast(const at::Tensor& means, const at::Tensor& quats, const at::Tensor& scales, const at::Tensor& opacities,
                             const at::Tensor& colors, const at::Tensor& viewmats, const at::Tensor& Ks, int64_t width, int64_t height,
                             const OptionalTensor& background, const OptionalTensor& ranges, double near, double far, bool distortion) {
  static const auto op = find<Render>("earthcraft::splat_render");
  c10::impl::ExcludeDispatchKeyGuard without_autocast(c10::autocast_dispatch_keyset);
  return op.call(f32(means), f32(quats), f32(scales), f32(opacities), f32(colors), viewmats, Ks, width, height,
                 background ? OptionalTensor(f32(*background)) : std::nullopt, ranges, near, far, distortion);
}

// Without a gradient what forward keeps for backward is dropped.
Images render_plain(const at::Tensor& means, const at::Tensor& quats, const at::Tensor& scales, const at::Tensor& opacities, const at::Tensor& colors,
                    const at::Tensor& viewmats, const at::Tensor& Ks, int64_t width, int64_t height, const OptionalTensor& background,
                    const OptionalTensor& ranges, double near, double far, bool distortion) {
  static const auto op = find<Forward>("earthcraft::splat_render_forward");
  const std::vector<at::Tensor> out =
      op.call(means, quats, scales, opacities, colors, viewmats, Ks, width, height, background, ranges, near, far, distortion);
  return {out[0], out[1], out[2], out[3], out[4], out[11]};
}

}  // namespace

TORCH_LIBRARY_IMPL(earthcraft, CompositeExplicitAutograd, m) { m.impl("splat_render", &render_plain); }
TORCH_LIBRARY_IMPL(earthcraft, Autograd, m) { m.impl("splat_render", &splat_render_autograd); }
TORCH_LIBRARY_IMPL(earthcraft, AutocastCPU, m) { m.impl("splat_render", &splat_render_autocast); }
TORCH_LIBRARY_IMPL(earthcraft, AutocastCUDA, m) { m.impl("splat_render", &splat_render_autocast); }

}  // namespace earthcraft
