"""SSIM beside torchmetrics, which pads by reflection: the pixels that no padding reaches, and gradients of their mean."""

import torch
from parity import needs, with_gradients


def check_ssim(ops, parity) -> None:
    similarity = needs("torchmetrics.functional.image").structural_similarity_index_measure
    x = torch.rand(2, 3, 41, 29)
    y = (x + 0.2 * torch.randn_like(x)).clamp(0, 1)
    inner = (..., slice(5, -5), slice(5, -5))

    def peer(x, y):
        _, whole = similarity(x, y, gaussian_kernel=True, sigma=1.5, kernel_size=11, data_range=1.0, return_full_image=True)
        return whole[inner]

    for dtype in (torch.float32, torch.float64):
        given = {"x": x.to(dtype), "y": y.to(dtype)}
        seeds = [torch.randn(2, 3, 31, 19).to(dtype)]
        found = [with_gradients(run, given, seeds, to) for run, to in ((lambda x, y: ops.ssim(x, y)[inner], dtype), (peer, dtype), (peer, torch.float64))]
        parity.beside(f"SSIM beside torchmetrics, {dtype}", *found)
