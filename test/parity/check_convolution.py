"""Sparse convolutions beside torch's dense ones on the densified voxels: forward, and gradients of features, weight and bias."""

import torch
from parity import with_gradients

F = torch.nn.functional
EXTENT = (13, 9, 6)  # x, y, z
BATCHES = 2


def voxels(ops, share: float = 0.3) -> torch.Tensor:
    filled = torch.rand(BATCHES, *EXTENT) < share
    filled[0, 0, 0, 0] = filled[1, -1, -1, -1] = True
    rows = filled.nonzero().int()
    return ops.voxel_unique(rows[torch.randperm(len(rows))])[0]


def dense(coords: torch.Tensor, feats: torch.Tensor, extent) -> torch.Tensor:
    """[B, C, z, y, x]"""
    b, x, y, z = coords.long().unbind(1)
    grid = feats.new_zeros(BATCHES, *reversed(extent), feats.shape[1])
    return grid.index_put((b, z, y, x), feats).permute(0, 4, 1, 2, 3)


def sparse(coords: torch.Tensor, grid: torch.Tensor) -> torch.Tensor:
    b, x, y, z = coords.long().unbind(1)
    return grid.permute(0, 2, 3, 4, 1)[b, z, y, x]


def kernel_of(weight: torch.Tensor, kernel: int) -> torch.Tensor:
    """[taps, in, out], taps x fastest → [out, in, z, y, x]"""
    return weight.view(kernel, kernel, kernel, *weight.shape[1:]).permute(4, 3, 0, 1, 2)


def inputs_for(rows: int, taps: int, ins: int, outs: int) -> dict:
    return {"feats": torch.randn(rows, ins), "weight": torch.randn(taps, ins, outs) / (taps * ins / 3) ** 0.5, "bias": torch.randn(outs)}


def compare(parity, name: str, ours, peer, inputs: dict, rows: int, outs: int, dtypes=(torch.float32, torch.bfloat16, torch.float64)) -> None:
    for dtype in dtypes:
        given = {key: t.to(dtype) for key, t in inputs.items()}
        seeds = [torch.randn(rows, outs).to(dtype)]
        exact = with_gradients(peer, given, seeds, torch.float64)
        parity.beside(f"{name}, {dtype}", with_gradients(ours, given, seeds, dtype), with_gradients(peer, given, seeds, dtype), exact)


def check_submanifold(ops, parity) -> None:
    coords = voxels(ops)
    n = len(coords)
    pairs, starts = ops.conv_pairs(ops.neighbour_map(coords, coords, 3, 1))
    # 64 → 64 is the bench's; the others leave rests of every register tile.
    for ins, outs in ((64, 64), (24, 40), (3, 1), (17, 33)):
        compare(
            parity,
            f"submanifold convolution {ins} → {outs} beside conv3d",
            lambda f, w, b: ops.sparse_conv(f, w, b, pairs, starts, None, None, n),
            lambda f, w, b: sparse(coords, F.conv3d(dense(coords, f, EXTENT), kernel_of(w, 3), b, padding=1)),
            inputs_for(n, 27, ins, outs),
            n,
            outs,
        )


def check_residual(ops, parity) -> None:
    coords = voxels(ops)
    n = len(coords)
    pairs, starts = ops.conv_pairs(ops.neighbour_map(coords, coords, 3, 1))
    compare(
        parity,
        "submanifold convolution 17 → 33 with a residual beside conv3d",
        lambda f, w, b, r: ops.sparse_conv(f, w, b, pairs, starts, None, None, n, r),
        lambda f, w, b, r: r + sparse(coords, F.conv3d(dense(coords, f, EXTENT), kernel_of(w, 3), b, padding=1)),
        inputs_for(n, 27, 17, 33) | {"residual": torch.randn(n, 33)},
        n,
        33,
    )


def check_strided_and_transposed(ops, parity) -> None:
    fine = voxels(ops)
    coarse, _, children = ops.voxel_coarsen(fine)
    half = [(e + 1) // 2 for e in EXTENT]
    for kernel in (3, 2):
        map_ = ops.neighbour_map(coarse, fine, 3, 2) if kernel == 3 else children
        down, down_starts = ops.conv_pairs(map_)
        up, up_starts = ops.conv_pairs(ops.neighbour_map_turned(map_, len(fine)))
        padding = kernel // 3
        even = [2 * h for h in half]  # so that no cell of a coarse voxel lies beyond the grid
        compare(
            parity,
            f"strided convolution, kernel {kernel}, beside conv3d",
            lambda f, w, b: ops.sparse_conv(f, w, b, down, down_starts, up, up_starts, len(coarse)),
            lambda f, w, b: sparse(coarse, F.conv3d(dense(fine, f, even), kernel_of(w, kernel), b, stride=2, padding=padding)),
            inputs_for(len(fine), kernel**3, 20, 28),
            len(coarse),
            28,
        )
        compare(
            parity,
            f"transposed convolution, kernel {kernel}, beside conv_transpose3d",
            lambda f, w, b: ops.sparse_conv(f, w, b, up, up_starts, down, down_starts, len(fine)),
            lambda f, w, b: sparse(
                fine, F.conv_transpose3d(dense(coarse, f, half), kernel_of(w, kernel).transpose(0, 1), b, stride=2, padding=padding, output_padding=padding)
            ),
            inputs_for(len(coarse), kernel**3, 20, 28),
            len(fine),
            28,
        )
