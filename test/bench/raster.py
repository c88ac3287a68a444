"""Rasterisers beside plain PyTorch and numba in one run: ours ms, peer ms, ratio (below 1 we are faster).

    python3 test/bench/raster.py build/libearthcraft.so [--threads 1]

Peers: the paper's Listing 1 with index_add_ (score aggregation), grouped convolutions and autograd (SSIM forward and backward), a 16 x 16 tile rasteriser
in numba (2DGS forward, where numba is installed). Results are compared in the same run.
"""

import argparse
import math
import statistics
import time

import torch

F = torch.nn.functional


def median_ms(run, repeat: int) -> float:
    clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    run()
    times = []
    for _ in range(repeat):
        begin = clock()
        run()
        times.append((clock() - begin) * 1e3)
    return statistics.median(times)


def line(name: str, ours: float, peer: float | None, error: float, note: str = "") -> None:
    compared = f"{peer:9.2f} {ours / peer:7.2f}   {error:.1e}" if peer else f"{'':9s} {'':7s}   {'':7s}"
    print(f"{name:44s} {ours:9.2f} {compared}  {note}", flush=True)


def look_at(eye, target) -> torch.Tensor:
    eye, target, up = (torch.tensor(v, dtype=torch.float64) for v in (eye, target, (0, 0, 1)))
    forward = F.normalize(target - eye, dim=0)
    right = F.normalize(torch.linalg.cross(forward, up), dim=0)
    rotation = torch.stack([right, torch.linalg.cross(forward, right), forward])
    matrix = torch.eye(4, dtype=torch.float64)
    matrix[:3, :3], matrix[:3, 3] = rotation, -rotation @ eye
    return matrix


def intrinsics(focal: float, width: int, height: int) -> torch.Tensor:
    return torch.tensor([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]], dtype=torch.float64)


def hills(n: int) -> tuple[torch.Tensor, torch.Tensor]:
    line_ = torch.linspace(-300, 300, n)
    x, y = torch.meshgrid(line_, line_, indexing="ij")
    vertices = torch.stack([x, y, 15 * torch.sin(x / 17) * torch.cos(y / 23)], -1).reshape(-1, 3).contiguous()
    i = torch.arange(n * n).reshape(n, n)
    a, b, c, d = i[:-1, :-1].flatten(), i[1:, :-1].flatten(), i[1:, 1:].flatten(), i[:-1, 1:].flatten()
    return vertices, torch.cat([torch.stack([a, b, c], 1), torch.stack([a, c, d], 1)]).int().contiguous()


def bench_mesh(ops, repeat: int) -> None:
    vertices, faces = hills(512)
    width, height, views = 640, 360, 3
    viewmats = torch.stack([look_at((250 * math.cos(t), 250 * math.sin(t), 200), (0, 0, 0)) for t in range(views)])
    Ks = intrinsics(500, width, height).expand(views, 3, 3)
    face, _, depth = ops.mesh_raster(vertices, faces, viewmats, Ks, width, height)
    seen = (face >= 0).float().mean().item()
    line("mesh raster 522k faces, 640 x 360", median_ms(lambda: ops.mesh_raster(vertices, faces, viewmats[:1], Ks[:1], width, height), repeat), None, 0, f"{seen:.2f} covered")
    lattice = ([-100.0, -100.0, -20.0], 200 / 360, [360, 360, 100])
    count = len(ops.mesh_voxelize(vertices, faces, *lattice)[0])
    line("voxelize 522k faces, 360 x 360 x 100", median_ms(lambda: ops.mesh_voxelize(vertices, faces, *lattice), repeat), None, 0, f"{count} voxels")

    labels = torch.randint(0, 25, face.shape, dtype=torch.uint8)
    one_hot = F.one_hot(labels.long(), 25).float()
    triangles = vertices[faces.long()]
    normals = F.normalize(torch.linalg.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]), dim=-1)

    def listing() -> tuple[torch.Tensor, torch.Tensor]:
        sums, weights = torch.zeros(len(vertices), 25), torch.zeros(len(vertices), 1)
        for v in range(views):
            mask = face[v] > -1
            hit = face[v][mask].long()
            row, column = mask.nonzero(as_tuple=True)
            local = torch.stack([(column + 0.5 - width / 2) / 500, (row + 0.5 - height / 2) / 500, torch.ones(len(row))], 1)
            towards = F.normalize(local @ viewmats[v, :3, :3].float(), dim=-1)
            score = (towards * normals[hit]).sum(1).abs() ** 3 * (1 - depth[v][mask].div(300).clamp(0, 2) / 2).clamp(0, 1) ** 3
            score = score.view(-1, 1, 1).repeat(1, 3, 1).view(-1, 1)
            corner = faces[hit].long().flatten()
            sums.index_add_(0, corner, one_hot[v][mask].unsqueeze(1).repeat(1, 3, 1).view(-1, 25) * score)
            weights.index_add_(0, corner, score)
        return sums, weights

    arguments = (vertices, faces, face, depth, viewmats, Ks)
    ours, peer = ops.score_aggregate(*arguments, one_hot)[0], listing()[0]
    error = ((ours - peer).abs().max() / peer.abs().max()).item()
    peer_ms = median_ms(listing, repeat)
    line(f"score aggregation, {views} views x 25 channels", median_ms(lambda: ops.score_aggregate(*arguments, one_hot), repeat), peer_ms, error)
    labelled = ops.score_aggregate_labels(*arguments, labels, 25)[0]
    line("  the same from labels", median_ms(lambda: ops.score_aggregate_labels(*arguments, labels, 25), repeat), peer_ms, ((labelled - peer).abs().max() / peer.abs().max()).item())


def bench_ssim(ops, repeat: int) -> None:
    window = torch.exp(-((torch.arange(11.0) - 5) ** 2) / 4.5)
    window = (window[:, None] * window)[None, None] / window.sum() ** 2

    def plain(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        blur = lambda t: F.conv2d(t, window.expand(t.shape[1], 1, 11, 11), padding=5, groups=t.shape[1])  # noqa: E731
        mx, my = blur(x), blur(y)
        a = (2 * mx * my + 1e-4) * (2 * (blur(x * y) - mx * my) + 9e-4)
        return a / ((mx * mx + my * my + 1e-4) * (blur(x * x) - mx * mx + blur(y * y) - my * my + 9e-4))

    x, y = torch.rand(4, 3, 128, 128, requires_grad=True), torch.rand(4, 3, 128, 128)
    step = lambda f: torch.autograd.grad(f(x, y).mean(), x)[0]  # noqa: E731
    ours, peer = step(ops.ssim), step(plain)
    line("ssim forward + backward, 4 x 3 x 128 x 128", median_ms(lambda: step(ops.ssim), repeat), median_ms(lambda: step(plain), repeat), ((ours - peer).abs().max() / peer.abs().max()).item())


def tile_raster():
    """2DGS, a tile's pixels one after the other, as a plain program would."""
    import numba

    @numba.njit(fastmath=True)
    def run(splats, colors, entries, starts, width, height, out):
        across = (width + 15) // 16
        for tile in range(len(starts) - 1):
            for p in range(256):
                x, y = tile % across * 16 + p % 16, tile // across * 16 + p // 16
                if x >= width or y >= height:
                    continue
                left = numba.float32(1)
                for e in range(starts[tile], starts[tile + 1]):
                    s = splats[entries[e]]
                    dx, dy = x + numba.float32(0.5) - s[0], y + numba.float32(0.5) - s[1]
                    a, b, c, d, w0, w1, z = s[2], s[3], s[4], s[5], s[6], s[7], s[8]
                    q = ((c * w1 - d * w0) * dx + (b * w0 - a * w1) * dy + a * d - b * c) / z
                    u, v = (d * dx - b * dy) / q, (a * dy - c * dx) / q
                    alpha = min(numba.float32(0.999), s[9] * math.exp(-min(u * u + v * v, 2 * (dx * dx + dy * dy)) / 2))
                    if alpha < numba.float32(1 / 255):
                        continue
                    if left * (1 - alpha) <= numba.float32(1e-4):
                        break
                    for k in range(3):
                        out[k, y, x] += left * alpha * colors[entries[e], k]
                    left *= 1 - alpha

    return run


def bench_splats(ops, repeat: int) -> None:
    for count, width, height, voxel in ((28_000, 128, 128, 3.125), (200_000, 640, 360, 0.556)):
        g = torch.Generator().manual_seed(0)
        xy = (torch.rand(count, 2, generator=g) - 0.5) * 200
        means = torch.cat([xy, (8 * torch.sin(xy[:, :1] / 23) * torch.cos(xy[:, 1:] / 31)) + 3 * torch.rand(count, 1, generator=g)], 1)
        scales = 0.256 * voxel * (1 + 0.3 * torch.rand(count, 2, generator=g))
        splats = [means, torch.randn(count, 4, generator=g), scales, 0.1 + 0.8 * torch.rand(count, generator=g), torch.rand(count, 3, generator=g)]
        splats = [t.requires_grad_() for t in splats]
        camera = (look_at((200, 0, 180), (0, 0, 0))[None], intrinsics(1.1 * width, width, height)[None], width, height)

        def forward() -> torch.Tensor:
            with torch.no_grad():
                return ops.splat_render(*splats, *camera)[0]

        def both() -> None:
            torch.autograd.grad(ops.splat_render(*splats, *camera)[0].mean(), splats)

        ours, peer, error, note = median_ms(forward, repeat), None, 0.0, ""
        with torch.no_grad():
            inner = ops.splat_render_forward(*splats, *camera)
        note = f"{len(inner[8])} splats in tiles"
        try:
            run = tile_raster()
            arrays = [t.detach().numpy() for t in (inner[7], splats[4], inner[8], inner[9])]

            def plain() -> torch.Tensor:
                out = torch.zeros(3, height, width)
                run(*arrays, width, height, out.numpy())
                return out

            error = (plain() - inner[0][0]).abs().max().item()
            peer = median_ms(plain, repeat)
        except ImportError:
            note += "; no numba to compare with"
        line(f"2DGS forward {count // 1000}k splats, {width} x {height}", ours, peer, error, note + " (the peer draws only)")
        line("  forward + backward", median_ms(both, repeat), None, 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("library")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.ops.load_library(options.library)
    print(f"{'':44s} {'ours ms':>9s} {'peer ms':>9s} {'ratio':>7s}   error    threads {options.threads}")
    for bench in (bench_mesh, bench_ssim, bench_splats):
        bench(torch.ops.earthcraft, options.repeat)
