// Which device new tensors come to life on, and the GPU's library, opened when it is first asked for.
#pragma once

#include <c10/core/Device.h>

namespace earthcraft {

// Where tensors are made that no argument gives a device: the CPU, or what ec_device_use chose.
c10::Device default_device() noexcept;

// Opens libtorch_cuda and libearthcraft_cuda.so where `device` is a GPU and they are not open yet, and checks that there is such a GPU.
void open_device(c10::Device device);

// Gradients have been computed: the autograd engine has counted its devices, and takes no further kind of them.
void note_backward() noexcept;

}  // namespace earthcraft
