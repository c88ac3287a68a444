// Autocast policies of our operators. Custom operators otherwise fall through autocast: what is not registered runs in the dtype it is given.
#pragma once

#include <ATen/autocast_mode.h>

#include <optional>

namespace earthcraft {

// Casts a floating-point argument to the region's low precision (bfloat16 on the CPU); float64 is left alone, as everywhere in autocast.
inline at::Tensor lowered(const at::Tensor& tensor, c10::DeviceType device) {
  return at::autocast::cached_cast(at::autocast::get_autocast_dtype(device), tensor, device);
}

inline std::optional<at::Tensor> lowered(const std::optional<at::Tensor>& tensor, c10::DeviceType device) {
  return tensor.has_value() && tensor->defined() ? std::optional<at::Tensor>(lowered(*tensor, device)) : std::nullopt;
}

// For operators that compute in f32, or in f64 where they are given it.
inline at::Tensor at_least_f32(const at::Tensor& tensor) { return tensor.scalar_type() == at::kDouble ? tensor : tensor.to(at::kFloat); }

template <c10::DeviceType device>
struct NoAutocast {
  c10::impl::ExcludeDispatchKeyGuard guard{at::autocast::get_autocast_dispatch_key_from_device_type(device)};
};

}  // namespace earthcraft
