"""Sets of voxels beside brute force in NumPy: every voxel against every voxel, or dictionaries. Features from pixels beside torch's index_add."""

import numpy as np
import torch
from parity import with_gradients


def some_voxels(count: int, extent, batches: int = 2) -> np.ndarray:
    axes = [np.random.default_rng(axis).integers(0, size, count) for axis, size in enumerate((batches, *extent))]
    rows = np.unique(np.stack(axes, 1), axis=0)
    return np.random.default_rng(9).permutation(rows).astype(np.int32)


def morton(rows: np.ndarray) -> np.ndarray:
    key = rows[:, 0].astype(object)
    for bit in range(15, -1, -1):
        for axis in (3, 2, 1):
            key = key * 2 + ((rows[:, axis] >> bit) & 1)
    return key


def map_by_force(queries: np.ndarray, coords: np.ndarray, kernel: int, stride: int) -> np.ndarray:
    steps = range(-1, 2) if kernel == 3 else range(2)
    columns = []
    for z in steps:
        for y in steps:
            for x in steps:
                wanted = queries * [1, stride, stride, stride] + [0, x, y, z]
                met = (wanted[:, None] == coords[None]).all(-1)
                columns.append(np.where(met.any(1), met.argmax(1), -1))
    return np.stack(columns, 1)


def check_neighbour_maps(ops, parity) -> None:
    for name, rows in (
        ("in a box", some_voxels(900, (13, 9, 7))),
        ("far from each other", some_voxels(300, (65536, 300, 9))),
        ("in the last corner", some_voxels(200, (5, 4, 6)) + np.array([0, 65531, 65532, 65530], np.int32)),
        ("one", some_voxels(1, (5, 4, 6))),
    ):
        coords = torch.from_numpy(rows)
        parity.equal(f"neighbour map 3³, voxels {name}", ops.neighbour_map(coords, coords, 3, 1), map_by_force(rows, rows, 3, 1))
        coarse = ops.voxel_coarsen(coords)[0]
        for kernel in (3, 2):
            found = ops.neighbour_map(coarse, coords, kernel, 2)
            parity.equal(f"neighbour map {kernel}³ of stride 2, voxels {name}", found, map_by_force(coarse.numpy(), rows, kernel, 2))
            turned = np.full((len(rows), kernel**3), -1)
            for query, tap in zip(*np.nonzero(found.numpy() >= 0)):
                turned[found[query, tap], tap] = query
            parity.equal(f"the same map turned, kernel {kernel}, voxels {name}", ops.neighbour_map_turned(found, len(rows)), turned)


def check_sets(ops, parity) -> None:
    rows = some_voxels(1500, (40, 17, 9))
    twice = np.concatenate([rows, rows[::3]])
    unique, inverse = ops.voxel_unique(torch.from_numpy(twice))
    parity.equal("unique voxels in Morton order", unique, rows[np.argsort(morton(rows))])
    parity.equal("the way back from unique voxels", unique[inverse], twice)
    a, b = rows[:900], rows[500:]
    at = {tuple(row): i for i, row in enumerate(a.tolist())}
    parity.equal("look-up", ops.voxel_lookup(torch.from_numpy(a), torch.from_numpy(b)), [at.get(tuple(row), -1) for row in b.tolist()])
    coarse, parent, children = ops.voxel_coarsen(torch.from_numpy(rows))
    halved = np.unique(rows // [1, 2, 2, 2], axis=0)
    parity.equal("coarser voxels", coarse, halved[np.argsort(morton(halved))])
    parity.equal("parents", coarse[parent], rows // [1, 2, 2, 2])
    slots = np.full((len(halved), 8), -1)
    slots[parent.numpy(), (rows[:, 1:] % 2) @ [1, 2, 4]] = np.arange(len(rows))
    parity.equal("children", children, slots)
    order, starts = ops.window_partition(torch.from_numpy(rows), 8, 4)
    windows = (rows + [0, 4, 4, 4]) // [1, 8, 8, 8]
    keys = morton(windows)
    parity.equal("window of every place in the order", windows[order], windows[np.argsort(keys, kind="stable")])
    parity.equal("every row once", order.sort()[0], np.arange(len(rows)))
    parity.equal("starts of windows", starts, [0, *np.cumsum(np.unique(np.sort(keys), return_counts=True)[1])])


def check_projection(ops, parity) -> None:
    voxels, (views, height, width) = 150, (2, 45, 61)
    seen = torch.randint(-40, voxels - 20, (views, height, width)).clamp(min=-1)
    for patch in (1, 8, 8 / 3):
        h, w = (int(-(-edge // patch)) for edge in (height, width))
        y, x = ((torch.arange(edge).double() / patch).floor().long() for edge in (height, width))
        hit = seen >= 0

        def mean(features):
            values = features[:, :, y[:, None], x].permute(0, 2, 3, 1)[hit]
            sums = torch.zeros(voxels, features.shape[1], dtype=features.dtype).index_add(0, seen[hit], values)
            return sums / torch.bincount(seen[hit], minlength=voxels).clamp(min=1).to(features.dtype)[:, None]

        ours = lambda features: ops.image_to_voxels(features, seen.int(), voxels, patch)[0]  # noqa: E731
        parity.equal(f"pixels that see a voxel, patches of {patch:.3g}", ops.image_to_voxels(torch.ones(views, 1, h, w), seen.int(), voxels, patch)[1],
                     torch.bincount(seen[hit], minlength=voxels))
        for dtype in (torch.float32, torch.float64, torch.bfloat16):
            given, seeds = {"features": torch.randn(views, 6, h, w).to(dtype)}, [torch.randn(voxels, 6).to(dtype)]
            found = [with_gradients(run, given, seeds, to) for run, to in ((ours, dtype), (mean, dtype), (mean, torch.float64))]
            parity.beside(f"features of patches of {patch:.3g} on voxels, {dtype}", *found)

    def picked(feats):
        return (feats[seen.clamp(min=0)] * (seen >= 0)[..., None].to(feats.dtype)).permute(0, 3, 1, 2)

    for dtype in (torch.float32, torch.float64, torch.bfloat16):
        given, seeds = {"feats": torch.randn(voxels, 6).to(dtype)}, [torch.randn(views, 6, height, width).to(dtype)]
        back = lambda feats: ops.voxels_to_image(feats, seen.int())  # noqa: E731
        found = [with_gradients(run, given, seeds, to) for run, to in ((back, dtype), (picked, dtype), (picked, torch.float64))]
        parity.beside(f"what pixels see of voxels, {dtype}", *found)
