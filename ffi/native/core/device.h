// Which device new tensors come to life on, and the GPU's library, opened when it is first asked for.
#pragma once

#include <c10/core/Device.h>

#include <string>

namespace earthcraft {

// Where tensors are made that no argument gives a device: the CPU, or what ec_device_use chose.
c10::Device default_device() noexcept;

// Opens libtorch_cuda and libearthcraft_cuda.so where `device` is a GPU and they are not open yet, and checks that there is such a GPU.
void open_device(c10::Device device);

// Whether tensors may lie on a GPU.
bool gpu_in_use() noexcept;

// Gives back what is kept for reuse on GPUs and on the CPU.
void release_memory();

// `cuda:0 has 12 bytes in use, …` of the default device; empty where it is the CPU.
std::string gpu_memory_report() noexcept;

// Gradients have been computed: the autograd engine has counted its devices, and takes no further kind of them.
void note_backward() noexcept;

}  // namespace earthcraft
