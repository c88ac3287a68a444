"""Sparse convolution and attention beside what PyTorch offers, in one run: ours ms, peer ms, ratio (below 1 we are faster).

    python3 test/bench/sparse.py build/libearthcraft.so [--threads 1] [--only conv|window|full|index] [--large]

Peers: gather, mm, index_add_ (convolution); scaled_dot_product_attention over windows padded to multiples of 16 tokens, grouped by size (windows);
scaled_dot_product_attention (full). Results are compared in the same run. Figures depend on density, so it is printed: neighbours a voxel, tokens a window.
"""

import argparse
import statistics
import time

import torch

aten = torch.nn.functional


def terrain(side: int, height: float, seed: int = 0) -> torch.Tensor:
    """Surface voxels of a rolling town: every column's top, walls filled to the lowest neighbour, blocks of buildings."""
    g = torch.Generator().manual_seed(seed)
    x, y = torch.meshgrid(torch.arange(side).float(), torch.arange(side).float(), indexing="ij")
    z = height * (1 + torch.sin(x / side * 5) * torch.cos(y / side * 4)) / 2 + 1.5 * torch.rand(side, side, generator=g)
    blocks = torch.rand((side + 11) // 12, (side + 11) // 12, generator=g)
    blocks = blocks.repeat_interleave(12, 0).repeat_interleave(12, 1)[:side, :side]
    inside = ((x % 12) < 6) & ((y % 12) < 7) & (blocks > 0.6)
    z = (z + torch.where(inside, 4 + 6 * blocks, torch.zeros(()))).long()
    low = -aten.max_pool2d(-aten.pad(z[None, None].float(), (1, 1, 1, 1), mode="replicate"), 3, 1)[0, 0].long()
    rows = []
    for step in range(int((z - low).max()) + 1):
        keep = (z - step >= low + (step > 0)) & (z - step >= 0)
        rows.append(torch.stack([torch.zeros_like(z), x.long(), y.long(), z - step], -1)[keep])
    return torch.cat(rows).int()


def median_ms(run, repeat: int) -> float:
    # One thread's processor time does not count what else the machine does meanwhile.
    clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    run()
    times = []
    for _ in range(repeat):
        begin = clock()
        run()
        times.append((clock() - begin) * 1e3)
    return statistics.median(times)


def line(name: str, ours: float, peer: float, error: float, note: str = "") -> None:
    print(f"{name:44s} {ours:9.2f} {peer:9.2f} {ours / peer:7.2f}   {error:.1e}  {note}", flush=True)


def relative(a: torch.Tensor, b: torch.Tensor) -> float:
    return ((a - b).abs().max() / b.abs().max()).item()


def bench_conv(ops, coords: torch.Tensor, channels: int, repeat: int) -> None:
    n = len(coords)
    neighbours = ops.neighbour_map(coords, coords, 3, 1)
    pairs, starts = ops.conv_pairs(neighbours)
    taps = [((neighbours[:, t] >= 0).nonzero().squeeze(1), neighbours[:, t]) for t in range(27)]
    taps = [(o, m[o].long()) for o, m in taps]
    f = torch.randn(n, channels, requires_grad=True)
    w = (torch.randn(27, channels, channels) / (9 * channels) ** 0.5).requires_grad_()
    g = torch.randn(n, channels)

    def ours():
        return ops.sparse_conv(f, w, None, pairs, starts, None, None, n)

    def peer():
        out = torch.zeros(n, channels)
        for t, (o, i) in enumerate(taps):
            out = out.index_add(0, o, f[i] @ w[t])
        return out

    def peer_forward():
        out = torch.zeros(n, channels)
        for t, (o, i) in enumerate(taps):
            out.index_add_(0, o, f[i] @ w[t])
        return out

    gflop = 2 * pairs.shape[1] * channels * channels / 1e9
    with torch.no_grad():
        a, b = median_ms(ours, repeat), median_ms(peer_forward, repeat)
        line(f"conv 3³ forward {n} x {channels}", a, b, relative(ours(), peer_forward()), f"{gflop / a * 1e3:.0f} GFLOP/s, {pairs.shape[1] / n:.1f} neighbours")
    a = median_ms(lambda: torch.autograd.grad(ours(), [f, w], g), repeat)
    b = median_ms(lambda: torch.autograd.grad(peer(), [f, w], g), max(2, repeat // 2))
    error = max(relative(x, y) for x, y in zip(torch.autograd.grad(ours(), [f, w], g), torch.autograd.grad(peer(), [f, w], g)))
    line(f"conv 3³ forward+backward {n} x {channels}", a, b, error, f"{3 * gflop / a * 1e3:.0f} GFLOP/s")


def bench_windows(ops, coords: torch.Tensor, heads: int, dim: int, repeat: int) -> None:
    n = len(coords)
    order, starts = ops.window_partition(coords, 8, 0)
    sizes = starts.diff()
    buckets = []
    for size in range(16, int(sizes.max()) + 16, 16):
        windows = ((sizes > size - 16) & (sizes <= size)).nonzero().squeeze(1)
        if len(windows):
            at = starts[windows][:, None] + torch.arange(size)
            real = torch.arange(size) < sizes[windows][:, None]
            buckets.append((order[at.clamp(max=n - 1)], real, torch.where(real, 0.0, float("-inf"))[:, None, None, :]))
    qkv = torch.randn(n, 3, heads, dim, requires_grad=True)
    g = torch.randn(n, heads, dim)

    def ours():
        return ops.window_attention_packed(qkv, order, starts)

    def peer():
        rows, outs = [], []
        for index, real, mask in buckets:
            q, k, v = qkv[index].permute(2, 0, 3, 1, 4).unbind(0)
            out = aten.scaled_dot_product_attention(q, k, v, attn_mask=mask)
            outs.append(out.transpose(1, 2)[real])
            rows.append(index[real])
        return torch.empty(n, heads, dim).index_copy(0, torch.cat(rows), torch.cat(outs))

    gflop = 4 * (sizes.double() ** 2).sum().item() * heads * dim / 1e9
    with torch.no_grad():
        a, b = median_ms(ours, repeat), median_ms(peer, repeat)
        line(f"window attention forward {n} x {heads} x {dim}", a, b, relative(ours(), peer()), f"{gflop / a * 1e3:.0f} GFLOP/s, {n / len(sizes):.0f} tokens a window")
    a = median_ms(lambda: torch.autograd.grad(ours(), qkv, g), repeat)
    b = median_ms(lambda: torch.autograd.grad(peer(), qkv, g), max(2, repeat // 2))
    error = relative(torch.autograd.grad(ours(), qkv, g)[0], torch.autograd.grad(peer(), qkv, g)[0])
    line(f"window attention forward+backward {n} x {heads} x {dim}", a, b, error, f"{3.5 * gflop / a * 1e3:.0f} GFLOP/s")


def bench_full(ops, tokens: int, heads: int, dim: int, repeat: int) -> None:
    q, k, v = (torch.randn(tokens, heads, dim, requires_grad=True) for _ in range(3))
    starts = torch.tensor([0, tokens])
    g = torch.randn(tokens, heads, dim)

    def ours():
        return ops.ragged_attention(q, k, v, starts, starts)

    def peer():
        return aten.scaled_dot_product_attention(*(t.transpose(0, 1)[None] for t in (q, k, v)))[0].transpose(0, 1)

    gflop = 4 * tokens**2 * heads * dim / 1e9
    with torch.no_grad():
        a, b = median_ms(ours, repeat), median_ms(peer, repeat)
        line(f"full attention forward {tokens} x {heads} x {dim}", a, b, relative(ours(), peer()), f"{gflop / a * 1e3:.0f} GFLOP/s")
    a = median_ms(lambda: torch.autograd.grad(ours(), [q, k, v], g), repeat)
    b = median_ms(lambda: torch.autograd.grad(peer(), [q, k, v], g), repeat)
    error = max(relative(x, y) for x, y in zip(torch.autograd.grad(ours(), [q, k, v], g), torch.autograd.grad(peer(), [q, k, v], g)))
    line(f"full attention forward+backward {tokens} x {heads} x {dim}", a, b, error, f"{3.5 * gflop / a * 1e3:.0f} GFLOP/s")


def bench_index(ops, coords: torch.Tensor, repeat: int) -> None:
    n = len(coords)
    shifts = torch.tensor([[0, x, y, z] for z in (-1, 0, 1) for y in (-1, 0, 1) for x in (-1, 0, 1)])

    def key(c):
        return ((c[..., 0] * 2048 + c[..., 1] + 1) * 2048 + c[..., 2] + 1) * 2048 + c[..., 3] + 1

    def peer():
        keys, order = key(coords.long()).sort()
        wanted = key(coords.long()[:, None] + shifts)
        at = torch.searchsorted(keys, wanted).clamp(max=n - 1)
        return torch.where(keys[at] == wanted, order[at], -1)

    a, b = median_ms(lambda: ops.neighbour_map(coords, coords, 3, 1), repeat), median_ms(peer, repeat)
    line(f"neighbour map 3³ {n}", a, b, float((ops.neighbour_map(coords, coords, 3, 1) != peer()).sum()), "torch sort + searchsorted")
    neighbours = ops.neighbour_map(coords, coords, 3, 1)
    print(f"  conv_pairs {median_ms(lambda: ops.conv_pairs(neighbours), repeat):.2f} ms, window_partition {median_ms(lambda: ops.window_partition(coords, 8, 4), repeat):.2f} ms, voxel_coarsen {median_ms(lambda: ops.voxel_coarsen(coords), repeat):.2f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", choices=["conv", "window", "full", "index"])
    parser.add_argument("--large", action="store_true", help="also 25,000 and 100,000 voxels")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    torch.ops.load_library(args.library)
    ops = torch.ops.earthcraft
    sets = [(terrain(64, 20), 15)] + ([(terrain(128, 30), 7), (terrain(250, 40), 3)] if args.large else [])
    sets = [(ops.voxel_unique(coords)[0], repeat) for coords, repeat in sets]
    print(f"{args.threads} threads; {'':34s} ours ms   peer ms   ratio   max rel. error")
    for coords, repeat in sets:
        small = len(coords) < 20000
        if args.only in (None, "index"):
            bench_index(ops, coords, repeat)
        if args.only in (None, "conv"):
            for channels in (16, 32, 48, 64) if small else (64,):
                bench_conv(ops, coords, channels, repeat)
        if args.only in (None, "window"):
            for heads, dim in ((2, 16), (1, 32), (2, 32), (1, 64)) if small else ((4, 16), (2, 32), (8, 64)):
                bench_windows(ops, coords, heads, dim, repeat)
    if args.only in (None, "full"):
        for tokens, heads, dim in ((512, 3, 32), (2048, 4, 32)) + (((4096, 16, 64),) if args.large else ()):
            bench_full(ops, tokens, heads, dim, 5)


if __name__ == "__main__":
    main()
