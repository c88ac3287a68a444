"""Window, full and cross attention beside scaled_dot_product_attention, one set of tokens at a time: forward and gradients, f32, bf16, f64."""

import torch
from parity import with_gradients

SDPA = torch.nn.functional.scaled_dot_product_attention


def by_sets(q, k, v, q_sets, kv_sets):
    """[N, H, D] by rows of every set; a set without keys gives 0. Split and joined once: a slice a window takes quadratic time in backward."""

    def parts(t, sets):
        return t.index_select(0, torch.cat(sets)).transpose(0, 1)[None].split([len(rows) for rows in sets], 2)

    sets = zip(parts(q, q_sets), parts(k, kv_sets), parts(v, kv_sets))
    outs = [SDPA(*some) if some[0].shape[2] and some[1].shape[2] else torch.zeros_like(some[0]) for some in sets]
    return torch.zeros_like(q).index_copy(0, torch.cat(q_sets), torch.cat(outs, 2)[0].transpose(0, 1))


def ranges(starts: torch.Tensor) -> list[torch.Tensor]:
    return [torch.arange(a, b) for a, b in zip(starts[:-1].tolist(), starts[1:].tolist())]


def compare(parity, name: str, ours, peer, inputs: dict, shape) -> None:
    for dtype in (torch.float32, torch.bfloat16, torch.float64):
        given = {key: t.to(dtype) for key, t in inputs.items()}
        seeds = [torch.randn(*shape).to(dtype)]
        exact = with_gradients(peer, given, seeds, torch.float64)
        parity.beside(f"{name}, {dtype}", with_gradients(ours, given, seeds, dtype), with_gradients(peer, given, seeds, dtype), exact)


def crowd(ops) -> torch.Tensor:
    """A window of all its 512 voxels, one of a single voxel, and what lies between; two batches."""
    full = torch.cartesian_prod(torch.zeros(1).long(), *3 * [torch.arange(8, 16)])
    alone = torch.tensor([[0, 40, 3, 90], [1, 0, 0, 0]])
    some = (torch.rand(2, 33, 21, 12) < 0.08).nonzero()
    return ops.voxel_unique(torch.cat([full, alone, some]).int())[0]


def check_window_attention(ops, parity) -> None:
    coords = crowd(ops)
    n = len(coords)
    for edge, shift, heads, dim in ((8, 0, 2, 64), (8, 4, 3, 32), (5, 2, 1, 24)):
        order, starts = ops.window_partition(coords, edge, shift)
        cells = coords.long()
        cells[:, 1:] = (cells[:, 1:] + shift) // edge
        _, window = cells.unique(dim=0, return_inverse=True)
        sets = [(window == w).nonzero().squeeze(1) for w in range(int(window.max()) + 1)]
        name = f"window attention, edge {edge}, shift {shift}, {heads} × {dim}"
        compare(
            parity,
            f"{name}, packed",
            lambda qkv: ops.window_attention_packed(qkv, order, starts),
            lambda qkv: by_sets(*qkv.unbind(1), sets, sets),
            {"qkv": 1.5 * torch.randn(n, 3, heads, dim)},
            (n, heads, dim),
        )
        compare(
            parity,
            f"{name}, apart",
            lambda q, k, v: ops.window_attention(q, k, v, order, starts),
            lambda q, k, v: by_sets(q, k, v, sets, sets),
            {key: torch.randn(n, heads, dim) for key in "qkv"},
            (n, heads, dim),
        )


def check_full_and_cross_attention(ops, parity) -> None:
    for name, queries, keys in (
        ("full attention, one set of 1500", [1500], [1500]),
        ("full attention, ragged sets", [300, 1, 0, 517], [300, 1, 0, 517]),
        ("cross attention, ragged, one set without keys", [130, 77, 5, 601], [33, 900, 0, 1]),
    ):
        starts = [torch.tensor([0, *sizes]).cumsum(0) for sizes in (queries, keys)]
        for heads, dim in ((2, 64), (1, 40)):
            compare(
                parity,
                f"{name}, {heads} × {dim}",
                lambda q, k, v: ops.ragged_attention(q, k, v, *starts),
                lambda q, k, v: by_sets(q, k, v, ranges(starts[0]), ranges(starts[1])),
                {"q": 1.5 * torch.randn(sum(queries), heads, dim), **{key: torch.randn(sum(keys), heads, dim) for key in "kv"}},
                (sum(queries), heads, dim),
            )
