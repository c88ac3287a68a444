"""What other programs do on the same processor with the same tensors: the other side of bench.ts, which asks by lines of JSON on standard input.

    {"prepare": GROUP, "inputs": FILE, …sizes}               draws the group's inputs and writes them for bench.ts
    {"row": NAME, "outputs": FILE, "threads": N}             runs every way there is, and compares its results, and those in FILE, with a reference in
                                                             higher precision; the fastest way that is as exact as the others is the peer
    {"time": NAME, "seconds": S, "threads": N}               mean milliseconds of a call of that way, over S seconds at least

    python3 test/bench/cpu/peers.py cpu build/libearthcraft.so

Our library is loaded for the tile lists that the numba rasteriser is given, and to compare projections; what is timed here is the peer's alone.
"""

import contextlib
import json
import math
import os
import sys
import time

import numpy as np
import torch
from safetensors.torch import load_file, save_file

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "gpu"), os.path.join(HERE, "..")]
import peer as shared  # noqa: E402
from raster_peer import scene, tile_raster, transforms_of  # noqa: E402
from terrain import terrain  # noqa: E402

F = torch.nn.functional
TYPES, SDPA = shared.TYPES, F.scaled_dot_product_attention
# A way is no peer that buys its speed with digits: oneDNN may multiply f32 in bf16 where the processor has AMX.
MOST_INEXACT = 8


class Row:
    """ways: by name, functions that return the row's results. reference: as one of them, in higher precision; None: nothing is compared."""

    def __init__(self, ways, reference):
        self.ways, self.reference, self.best = ways, reference, None

    def answer(self, outputs: str) -> dict:
        times, errors, problems = {}, {}, {}
        expected = self.reference() if self.reference is not None and outputs else None
        for name, way in self.ways.items():
            try:
                begin = clock()
                results = way()
                first = (clock() - begin) * 1e3
                if expected is not None:
                    errors[name] = shared.distance(results, expected)
                results = None
                # The first call warms up; one that is far behind even so need not run again.
                times[name] = first if times and first > 4 * min(times.values()) else timed(way, 0)
            except Exception as error:  # one way less: said in the answer
                problems[name] = f"{type(error).__name__}: {str(error).splitlines()[0][:90]}"
        for name in list(times):
            if errors and errors[name] > MOST_INEXACT * max(min(errors.values()), 1e-7):
                problems[name] = f"{errors[name]:.0e} off"
                times.pop(name)
        if not times:
            return {"error": str(problems)}
        self.best = min(times, key=times.get)
        said = {"way": self.best, "all": times, "problems": problems}
        if expected is not None:
            ours = load_file(outputs)
            said["error_peer"] = errors[self.best]
            said["error_ours"] = shared.distance([ours[str(i)] for i in range(len(expected))], expected)
        return said


def clock() -> float:
    """Seconds. Of one thread its processor time, which does not count what else the machine does meanwhile."""
    return time.process_time() if torch.get_num_threads() == 1 else time.perf_counter()


def timed(run, seconds: float) -> float:
    """Mean milliseconds of a call."""
    begin, calls = clock(), 0
    while True:
        run()
        calls += 1
        passed = clock() - begin
        if passed >= seconds:
            return passed / calls * 1e3


def both(run, inputs, seed, exact: torch.dtype, ways=None) -> dict:
    """Rows forward, and forward + backward, of functions of the inputs. ways: by name; run: the one that is the reference."""
    ways = ways or {"torch": run}
    leaves = shared.leaves_of(*inputs)
    return {
        "forward": Row({k: shared.without_gradients(lambda w=w: w(*inputs)) for k, w in ways.items()}, shared.exactly(run, inputs, seed, exact, False)),
        "forward + backward": Row({k: shared.gradients(w, leaves, seed) for k, w in ways.items()}, shared.exactly(run, inputs, seed, exact, True)),
    }


@contextlib.contextmanager
def by_onednn():
    """f32 products by oneDNN, not by MKL, which is slow on other makers' processors."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def with_onednn(run):
    def way(*inputs):
        with by_onednn():
            return run(*inputs)

    return way


# --- groups: draw the inputs, return them and the rows -------------------------------------------------------------------------------------------


def ground(side: int, height: float, seed: int, cut: int, **_):
    """A corner of one terrain, so that all sizes are as dense."""
    coords = terrain(side, height, seed)
    return {"coords": coords[(coords[:, 1] < cut) & (coords[:, 2] < cut)]}, {}


def neighbour_map(**sizes):
    coords = shared.voxels(**sizes)
    array = coords.numpy().astype(np.int64)
    shifts = shared.SHIFTS.numpy()

    def key(c):
        return ((c[..., 0] * 2048 + c[..., 1] + 1) * 2048 + c[..., 2] + 1) * 2048 + c[..., 3] + 1

    def by_numpy():
        keys = key(array)
        order = np.argsort(keys)
        keys = keys[order]
        wanted = key(array[:, None] + shifts)
        at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return [torch.from_numpy(np.where(keys[at] == wanted, order[at], -1))]

    ways = {"numpy sort + searchsorted": by_numpy, "torch sort + searchsorted": lambda: [shared.neighbours_of(coords)]}
    return {}, {"map": Row(ways, by_numpy)}


def by_taps(f, w, taps, rows: int):
    out = torch.zeros(rows, w.shape[2], dtype=f.dtype)
    for t, (o, i) in enumerate(taps):
        out = out.index_add(0, o, f.index_select(0, i) @ w[t])
    return out


def by_taps_in_place(f, w, taps, rows: int):
    out = torch.zeros(rows, w.shape[2], dtype=f.dtype)
    for t, (o, i) in enumerate(taps):
        out.index_add_(0, o, f.index_select(0, i) @ w[t])
    return out


def spconv_ways(coords, f, w):
    """spconv's submanifold convolution: with the pairs of an earlier call, and with pairs of its own."""
    import spconv.pytorch as spconv

    n, c = f.shape
    layer = spconv.SubMConv3d(c, w.shape[2], 3, bias=False, indice_key="map", algo=spconv.ConvAlgo.Native)
    with torch.no_grad():
        layer.weight.copy_(w.view(3, 3, 3, c, -1).permute(4, 2, 1, 0, 3))
    extent = (coords[:, 1:].max(0)[0] + 1).tolist()
    first = spconv.SparseConvTensor(f, coords, extent, 1)
    with torch.no_grad():
        mapped = layer(first)

    def cached():
        with torch.no_grad():
            return [layer(mapped.replace_feature(f)).features]

    def built():
        with torch.no_grad():
            return [layer(spconv.SparseConvTensor(f, coords, extent, 1)).features]

    return cached, built


def conv(channels: int, dtype: str, **sizes):
    coords = shared.voxels(**sizes)
    n, kind = len(coords), TYPES[dtype]
    f, g = (torch.randn(n, channels).to(kind) for _ in range(2))
    w = (torch.randn(27, channels, channels) / (9 * channels) ** 0.5).to(kind)
    taps = shared.pairs_of(shared.neighbours_of(coords))
    run = lambda f, w: by_taps(f, w, taps, n)  # noqa: E731
    plain = lambda f, w: by_taps_in_place(f, w, taps, n)  # noqa: E731
    ways = {"gather-mm-index_add": run} | ({"the same, oneDNN": with_onednn(run)} if dtype == "f32" else {})
    rows = both(run, (f, w), g, torch.float64, ways)
    rows["forward"].ways = {"gather-mm-index_add": shared.without_gradients(lambda: plain(f, w))}
    if dtype == "f32":
        rows["forward"].ways["the same, oneDNN"] = shared.without_gradients(lambda: with_onednn(plain)(f, w))
        built = {"sort, gather-mm-index_add": shared.without_gradients(lambda: by_taps_in_place(f, w, shared.pairs_of(shared.neighbours_of(coords)), n))}
        with contextlib.suppress(ImportError):
            cached, own = spconv_ways(coords, f, w)
            # The bar is spconv's alone: what torch does is the row after it.
            rows["spconv"] = Row({"spconv, map cached": cached}, rows["forward"].reference)
            built = {"spconv, map built": own}
        rows["map built"] = Row(built, rows["forward"].reference)
    return {"f": f, "w": w, "g": g}, rows


def strided(channels: int, pairs: str, **_):
    """Down to the coarser level and back, pairs by tap from bench.ts: down [2, P] (in, out) of counts a tap."""
    held = load_file(pairs)
    fine, coarse = (int(held[k]) for k in ("fine", "coarse"))
    out_rows, in_rows, taps_of = (held[k].long() for k in ("out", "in", "tap"))
    down = [(out_rows[taps_of == t], in_rows[taps_of == t]) for t in range(27)]
    up = [(i, o) for o, i in down]
    f, h = torch.randn(fine, channels), torch.randn(coarse, channels)
    w = torch.randn(27, channels, channels) / (9 * channels) ** 0.5
    rows = {}
    for name, x, taps, count in (("down", f, down, coarse), ("up", h, up, fine)):
        plain = lambda x, w, taps=taps, count=count: by_taps_in_place(x, w, taps, count)  # noqa: E731
        ways = {"gather-mm-index_add": plain, "the same, oneDNN": with_onednn(plain)}
        reference = shared.exactly(plain, (x, w), None, torch.float64, False)
        rows[name] = Row({k: shared.without_gradients(lambda way=way, x=x: way(x, w)) for k, way in ways.items()}, reference)
    return {"f": f, "h": h, "w": w}, rows


class Windows:
    """Attention inside windows by torch: windows of equal length together, of a multiple of 16 tokens together, or all as long as the longest."""

    def __init__(self, coords):
        self.n = len(coords)
        self.order, self.starts = shared.windows_of(coords, 8)
        lengths = self.starts.diff()
        longest = int(lengths.max())
        steps = {"by length": 1, "16-buckets": 16, "padded": longest}
        self.groups = {name: [g for g in (self.group(size - step, size) for size in range(step, longest + step, step)) if g] for name, step in steps.items()}

    def group(self, above: int, size: int):
        lengths = self.starts.diff()
        some = ((lengths > above) & (lengths <= size)).nonzero().squeeze(1)
        if not len(some):
            return None
        at = self.starts[some][:, None] + torch.arange(size)
        real = torch.arange(size) < lengths[some][:, None]
        index = self.order[at.clamp(max=self.n - 1)]
        return size, len(some), index.flatten(), real.flatten().nonzero().squeeze(1), index[real], None if real.all() else real[:, None, None, :]

    def attend(self, name: str, qkv):
        """Gathers and scatters once, not once a group, whose gradient would add up as many tensors as there are groups."""
        heads, dim = qkv.shape[2:]
        groups = self.groups[name]
        gathered = qkv.index_select(0, torch.cat([g[2] for g in groups])).split([g[0] * g[1] for g in groups])
        outs, real, begin = [], [], 0
        for (size, count, _, kept, _, mask), some in zip(groups, gathered):
            q, k, v = some.view(count, size, 3, heads, dim).permute(2, 0, 3, 1, 4).unbind(0)
            outs.append(SDPA(q, k, v, attn_mask=mask).transpose(1, 2).reshape(count * size, heads, dim))
            real.append(kept + begin)
            begin += size * count
        out = torch.cat(outs)
        if any(g[5] is not None for g in groups):
            out = out.index_select(0, torch.cat(real))
        return torch.empty(self.n, heads, dim, dtype=qkv.dtype).index_copy(0, torch.cat([g[4] for g in groups]), out)


def windows(heads: int, dim: int, dtype: str, **sizes):
    coords = shared.voxels(**sizes)
    n, kind = len(coords), TYPES[dtype]
    qkv, g = torch.randn(n, 3, heads, dim).to(kind), torch.randn(n, heads, dim).to(kind)
    all_windows = Windows(coords)
    ways = {name: lambda qkv, name=name: all_windows.attend(name, qkv) for name in all_windows.groups}
    exact = torch.float64 if dtype == "f32" else torch.float32
    return {"qkv": qkv, "g": g}, both(ways["16-buckets"], (qkv,), g, exact, ways)


def block(heads: int, dim: int, dtype: str, **sizes):
    """TexVAE's T-block: attention in windows and an MLP, norms without learned scale, residuals in f32."""
    coords = shared.voxels(**sizes)
    n, c = len(coords), heads * dim
    all_windows = Windows(coords)
    x, g = torch.randn(n, c), torch.randn(n, c)
    shapes = {"attention.qkv": (3 * c, c), "attention.out": (c, c), "mlp.up": (4 * c, c), "mlp.down": (c, 4 * c)}
    weights = {}
    for name, (rows, columns) in shapes.items():
        weights[name + ".weight"] = torch.randn(rows, columns) / columns**0.5
        weights[name + ".bias"] = torch.randn(rows) / 8
    weights = dict(sorted(weights.items()))  # the order of their gradients

    def run(how: str, mixed: bool):
        def way(x, *values):
            p = dict(zip(weights, values))
            layer = lambda name, h: F.linear(h, p[name + ".weight"], p[name + ".bias"])  # noqa: E731
            norm = lambda h: F.layer_norm(h, (c,), None, None, 1e-6)  # noqa: E731
            with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
                attended = x + layer("attention.out", all_windows.attend(how, layer("attention.qkv", norm(x)).view(n, 3, heads, dim)).flatten(1))
                return attended + layer("mlp.down", F.gelu(layer("mlp.up", norm(attended)), approximate="tanh"))

        return way

    ways = {f"torch, SDPA {how}": run(how, dtype == "bf16") for how in ("by length", "16-buckets")}
    rows = both(run("16-buckets", False), (x, *weights.values()), g, torch.float32, ways)
    return {"x": x, "g": g, **weights}, rows


def attention(tokens: int, heads: int, dim: int, dtype: str, **_):
    q, k, v, g = (torch.randn(tokens, heads, dim).to(TYPES[dtype]) for _ in range(4))

    def full(q, k, v):
        return SDPA(*(t.transpose(0, 1)[None] for t in (q, k, v)))[0].transpose(0, 1)

    return {"q": q, "k": k, "v": v, "g": g}, both(full, (q, k, v), g, torch.float64 if dtype == "f32" else torch.float32, {"SDPA": full})


def adamw(**sizes):
    inputs, rows = shared.adamw(**sizes)
    return inputs, {name: Row(row.ways, row.reference) for name, row in rows.items()}


def launches(**sizes):
    inputs, rows = shared.launches(**sizes)
    return inputs, {name: Row(row.ways, None) for name, row in rows.items()}


def ssim(batch: int, size: int, **_):
    window = torch.exp(-((torch.arange(11.0, dtype=torch.float64) - 5) ** 2) / 4.5)
    window = (window[:, None] * window)[None, None] / window.sum() ** 2
    x, y, g = (torch.rand(batch, 3, size, size) for _ in range(3))

    def plain(x, y):
        blur = lambda t: F.conv2d(t, window.to(t.dtype).expand(3, 1, 11, 11), padding=5, groups=3)  # noqa: E731
        mx, my = blur(x), blur(y)
        a = (2 * mx * my + 1e-4) * (2 * (blur(x * y) - mx * my) + 9e-4)
        return a / ((mx * mx + my * my + 1e-4) * (blur(x * x) - mx * mx + blur(y * y) - my * my + 9e-4))

    return {"x": x, "y": y, "g": g}, both(plain, (x, y), g, torch.float64, {"grouped convolutions": plain})


def projection(voxel: str, voxels: int, channels: int, patch: int, **_):
    """The mean of patches' features over the pixels that see a voxel, and what pixels see. Which patch a pixel reads is known before."""
    seen = load_file(voxel)["voxel"].long()
    views, height, width = seen.shape
    h, w = -(-height // patch), -(-width // patch)
    features, feats = torch.randn(views, channels, h, w), torch.randn(voxels, channels)
    g, image = torch.randn(voxels, channels), torch.randn(views, channels, height, width)
    read = (torch.arange(views)[:, None, None] * h + torch.arange(height)[:, None] // patch) * w + torch.arange(width) // patch

    def hits(features):
        flat = seen.flatten()
        hit = (flat >= 0).nonzero().squeeze(1)
        values = features.permute(0, 2, 3, 1).reshape(-1, channels).index_select(0, read.flatten().index_select(0, hit))
        return flat.index_select(0, hit), values, torch.zeros(voxels, channels, dtype=features.dtype)

    def added(features):
        rows, values, zeros = hits(features)
        return zeros.index_add(0, rows, values) / torch.bincount(rows, minlength=voxels).clamp(min=1).to(features.dtype)[:, None]

    def scattered(features):
        rows, values, zeros = hits(features)
        return zeros.scatter_reduce(0, rows[:, None].expand_as(values), values, "mean", include_self=False)

    def picked(feats):
        values = feats.index_select(0, seen.clamp(min=0).flatten()).view(views, height, width, channels)
        return values.masked_fill((seen < 0)[..., None], 0).permute(0, 3, 1, 2).contiguous()

    to_voxels = both(added, (features,), g, torch.float64, {"index_add": added, "scatter_reduce": scattered})
    to_pixels = both(picked, (feats,), image, torch.float64, {"index_select": picked})
    rows = {f"to voxels, {name}": row for name, row in to_voxels.items()} | {f"to pixels, {name}": row for name, row in to_pixels.items()}
    return {"features": features, "feats": feats, "g": g, "h": image}, rows


def splats(splats: int, width: int, height: int, **_):
    held, camera = scene(splats, width, height)
    shapes = [held[k] for k in ("means", "quats", "scales", "opacities", "colors")]
    ours = torch.ops.earthcraft.splat_render_forward(*shapes, *camera)
    rows = {}
    with contextlib.suppress(ImportError):
        draw = tile_raster()
        arrays = [t.numpy() for t in (ours[7], held["colors"], ours[8], ours[9])]

        def drawn():
            out = torch.zeros(3, height, width)
            draw(*arrays, width, height, out.numpy())
            return [out[None]]

        # Ours and the peer's are compared with each other.
        rows["raster"] = Row({"numba, 16 × 16 tiles, drawing only": drawn}, drawn)
    with contextlib.suppress(ImportError):
        from gsplat.cuda._torch_impl_2dgs import _fully_fused_projection_2dgs as project

        three = torch.cat([held["scales"], torch.ones(splats, 1)], 1)

        def projected(kind=torch.float32):
            given = [t.to(kind) for t in (held["means"], held["quats"], three, camera[0], camera[1])]
            with torch.no_grad():
                return [project(*given, width, height)[3][0]]

        rows["projection"] = Row({"gsplat's torch projection": projected}, lambda: projected(torch.float64))
    inputs = {**held, "viewmats": camera[0], "Ks": camera[1], "transforms": transforms_of(ours[7])}
    return inputs, rows


GROUPS = {g.__name__: g for g in (ground, neighbour_map, conv, strided, windows, block, attention, adamw, launches, projection, ssim, splats)}


def answer(asked: dict, rows: dict) -> dict:
    torch.set_num_threads(int(asked.get("threads", torch.get_num_threads())))
    if "prepare" in asked:
        rows.clear()
        torch.manual_seed(asked.get("seed", 0))
        inputs, made = GROUPS[asked.pop("prepare")](**asked)
        rows.update(made)
        if inputs:
            save_file({k: t.detach().contiguous() for k, t in inputs.items()}, asked["inputs"])
        return {"rows": list(rows)}
    if "time" in asked:
        row = rows[asked["time"]]
        return {"ms": timed(row.ways[row.best], asked["seconds"])}
    if asked["row"] not in rows:
        return {"error": f"no peer for {asked['row']}: is what it compares with installed?"}
    return rows[asked["row"]].answer(asked["outputs"])


def main() -> None:
    torch.ops.load_library(sys.argv[2])
    rows: dict = {}
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no answer

    def say(said: dict) -> None:
        out.write(json.dumps(said, allow_nan=True).replace("NaN", "1e9").replace("Infinity", "1e9") + "\n")
        out.flush()

    versions = {"torch": torch.__version__, "numpy": np.__version__}
    import importlib.metadata

    for package in ("spconv", "gsplat", "numba"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[package] = importlib.metadata.version(package)
    say({"torch": torch.__version__, "device": "cpu", "python": sys.version.split()[0], "versions": versions})
    for line in sys.stdin:
        try:
            say(answer(json.loads(line), rows))
        except Exception as error:
            import traceback

            traceback.print_exc()
            say({"error": f"{type(error).__name__}: {str(error)[:300]}"})


if __name__ == "__main__":
    main()
