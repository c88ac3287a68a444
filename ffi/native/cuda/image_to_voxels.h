// Features between pictures and voxels on CUDA: the launchers of ops/image_to_voxels.cpp.
//
// Pixels are sorted by the voxel that they see, so that one thread sums a channel of a voxel pixel after pixel: the order of the CPU, no atomics, the
// same bits. Features of patches lie channel by channel in a patch's row, so that neighbouring threads read neighbouring values.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "element.h"
#include "kernels/patch_pixels.h"

namespace earthcraft::gpu {

// Every pixel: keys [pixels] the row of its voxel, or `voxels` where it sees none, and patches [pixels] the number of the patch that it reads.
void list_pixels(const int32_t* voxel, const PatchGrid& grid, int64_t voxels, uint64_t* keys, int32_t* patches, cudaStream_t stream);

// feats [voxels, channels] and counts [voxels] from features [patches, channels], the sorted patches and where each voxel's begin.
void sum_pixels(Element element, const void* features, const int64_t* starts, const int32_t* patches, int64_t voxels, int64_t channels, bool mean,
                void* feats, int32_t* counts, cudaStream_t stream);

// image [patches, channels] from feats [voxels, channels]; counts [voxels] or null. Rows beyond the voxels are taken for none.
void sum_patches(Element element, const void* feats, const int32_t* voxel, const int32_t* counts, int64_t voxels, const PatchGrid& grid,
                 int64_t channels, void* image, cudaStream_t stream);

}  // namespace earthcraft::gpu
