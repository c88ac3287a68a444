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

template <c10::DeviceType device>
struct NoAutocast {
  c10::impl::ExcludeDispatchKeyGuard guard{at::autocast::get_autocast_dispatch_key_from_device_type(device)};
};

}  // namespace earthcraft
