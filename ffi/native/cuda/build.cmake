# libearthcraft_cuda.so: cuda/*.cu by nvcc, which include no ATen header and take seconds each, and cuda/ops/*.cpp by the C++ compiler.
#
# CMake's own CUDA language is not used: it looks for a whole toolkit with a library folder that nvcc's wheels do not have.
find_program(EARTHCRAFT_NVCC nvcc HINTS "$ENV{CUDA_HOME}/bin" /usr/local/cuda/bin DOC "CUDA 13.0's compiler")
if(NOT EARTHCRAFT_NVCC)
  message(FATAL_ERROR "no nvcc: set -DEARTHCRAFT_NVCC, or let `earthcraft setup --cuda` fetch one")
endif()
get_filename_component(NVCC_REAL "${EARTHCRAFT_NVCC}" REALPATH)
get_filename_component(NVCC_BIN "${NVCC_REAL}" DIRECTORY)
get_filename_component(CUDA_ROOT "${NVCC_BIN}" DIRECTORY)
find_path(CUDA_HEADERS cuda_runtime_api.h HINTS "${CUDA_ROOT}/include" "${CUDA_ROOT}/targets/x86_64-linux/include" NO_DEFAULT_PATH REQUIRED)
# A wheel has libcudart.so.13 and no libcudart.so. What is linked is the one that libtorch opens, by its name.
find_library(CUDA_RUNTIME NAMES libcudart.so.13 libcudart.so NO_DEFAULT_PATH REQUIRED
  HINTS "${CUDA_ROOT}/lib" "${CUDA_ROOT}/lib64" "${CUDA_ROOT}/targets/x86_64-linux/lib" "${EARTHCRAFT_LIBTORCH}/../nvidia/cu13/lib")

set(NVCC_FLAGS -std=c++17 -O3 -lineinfo -ccbin "${CMAKE_CXX_COMPILER}" --expt-relaxed-constexpr -Xcompiler=-fPIC,-fvisibility=hidden -I "${CUDA_HEADERS}" -I "${CMAKE_CURRENT_SOURCE_DIR}")
set(TARGETS "${EARTHCRAFT_CUDA_TARGETS}")
if(NOT TARGETS)
  set(TARGETS 80 90a)
endif()
foreach(ARCH IN LISTS TARGETS)
  if(ARCH MATCHES "^([0-9]+a?)-ptx$")
    list(APPEND NVCC_FLAGS "-gencode=arch=compute_${CMAKE_MATCH_1},code=compute_${CMAKE_MATCH_1}")
  else()
    list(APPEND NVCC_FLAGS "-gencode=arch=compute_${ARCH},code=sm_${ARCH}")
  endif()
endforeach()
if("90a" IN_LIST TARGETS)  # 9.0 with what later GPUs don't have: wgmma
  list(APPEND NVCC_FLAGS -DEARTHCRAFT_SM90A)
endif()

file(GLOB CUDA_KERNELS CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/cuda/*.cu")
file(GLOB CUDA_SOURCES CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/cuda/ops/*.cpp")
# What reads and checks arguments for both devices, and registers nothing. libearthcraft.so shows only its C functions, so each library has its own.
list(APPEND CUDA_SOURCES "${CMAKE_CURRENT_SOURCE_DIR}/ops/camera.cpp" "${CMAKE_CURRENT_SOURCE_DIR}/ops/splat_scene.cpp")
set(CUDA_OBJECTS)
foreach(KERNEL IN LISTS CUDA_KERNELS)
  get_filename_component(NAME "${KERNEL}" NAME_WE)
  set(OBJECT "${CMAKE_CURRENT_BINARY_DIR}/cuda/${NAME}.o")
  if(CMAKE_GENERATOR MATCHES "Ninja" OR NOT CMAKE_VERSION VERSION_LESS 3.20)
    set(DEPENDENCIES DEPFILE "${OBJECT}.d")
  else()
    file(GLOB DEPENDENCIES CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/cuda/*" "${CMAKE_CURRENT_SOURCE_DIR}/kernels/*.h")
    list(INSERT DEPENDENCIES 0 DEPENDS)
  endif()
  # In double these give the CPU's bits, which its operators compute without fused multiply-add.
  set(KERNEL_FLAGS)
  if(NAME MATCHES "^(marching_cubes|mesh_.*|score_aggregate|voxel_cast|ray_march|composite)$")
    set(KERNEL_FLAGS -fmad=false)
  endif()
  add_custom_command(OUTPUT "${OBJECT}"
    COMMAND ${CMAKE_CXX_COMPILER_LAUNCHER} "${EARTHCRAFT_NVCC}" ${NVCC_FLAGS} ${KERNEL_FLAGS} -MD -MF "${OBJECT}.d" -MT "${OBJECT}" -c "${KERNEL}" -o "${OBJECT}"
    MAIN_DEPENDENCY "${KERNEL}" ${DEPENDENCIES} COMMENT "nvcc ${NAME}.cu" VERBATIM)
  list(APPEND CUDA_OBJECTS "${OBJECT}")
endforeach()
file(MAKE_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/cuda")

add_library(earthcraft_cuda SHARED ${CUDA_SOURCES} ${CUDA_OBJECTS})
set_source_files_properties(${CUDA_OBJECTS} PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
target_include_directories(earthcraft_cuda SYSTEM PRIVATE "${EARTHCRAFT_LIBTORCH}/include" "${EARTHCRAFT_LIBTORCH}/include/torch/csrc/api/include" "${CUDA_HEADERS}")
target_include_directories(earthcraft_cuda PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}")
target_compile_definitions(earthcraft_cuda PRIVATE NDEBUG _GLIBCXX_USE_CXX11_ABI=1)
target_compile_options(earthcraft_cuda PRIVATE -Wall -Wextra -Wno-unused-parameter)
# What libtorch_cuda itself stands on (cuBLAS, cuDNN, NCCL) may be absent where this is built, and comes with libtorch where it runs.
target_link_options(earthcraft_cuda PRIVATE "LINKER:--allow-shlib-undefined" "LINKER:--no-as-needed" "LINKER:-z,defs")
target_link_libraries(earthcraft_cuda PRIVATE "${EARTHCRAFT_LIBTORCH}/lib/libtorch_cuda.so" "${EARTHCRAFT_LIBTORCH}/lib/libc10_cuda.so"
  "${EARTHCRAFT_LIBTORCH}/lib/libtorch_cpu.so" "${EARTHCRAFT_LIBTORCH}/lib/libc10.so" "${CUDA_RUNTIME}")
set_target_properties(earthcraft_cuda PROPERTIES BUILD_RPATH "${EARTHCRAFT_LIBTORCH}/lib" INSTALL_RPATH "${EARTHCRAFT_LIBTORCH}/lib")
if(NOT CMAKE_CXX_COMPILER_LAUNCHER)
  target_precompile_headers(earthcraft_cuda PRIVATE <ATen/core/Tensor.h> <c10/cuda/CUDAGuard.h> <torch/library.h>)
endif()
