"""What PyTorch does on the same GPU with the same tensors: the other side of bench.ts, which asks by lines of JSON on standard input.

    {"prepare": GROUP, "inputs": FILE, …sizes}    draws the group's inputs and writes them for bench.ts   → {"rows": …}
    {"row": NAME, "outputs": FILE}                times every way there is, and compares its results and those in FILE with
                                                  a reference in higher precision                          → {"ms": …, "way": …, "errors": …}
Nothing but torch, triton (which torch brings) and safetensors is needed.
"""

import contextlib
import json
import math
import os
import statistics
import sys
import time

import torch
from safetensors.torch import load_file, save_file

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from terrain import terrain  # noqa: E402

F = torch.nn.functional
TYPES = {"bf16": torch.bfloat16, "f32": torch.float32}
DEVICE = torch.device(sys.argv[1] if len(sys.argv) > 1 else "cuda:0")
ON_GPU = DEVICE.type == "cuda"
# As bench.ts: blocks of calls that take so long together, so many of them.
BLOCK_S, BLOCKS, MOST_CALLS = 0.004, 12, 50
SLOW_S, FEW_BLOCKS = 0.25, 4


def synchronize() -> None:
    if ON_GPU:
        torch.cuda.synchronize()


def measure(run, most_calls: int = MOST_CALLS) -> float:
    """Median milliseconds of a call."""

    def block(calls: int) -> float:
        begin = time.perf_counter()
        for _ in range(calls):
            run()
        synchronize()
        return (time.perf_counter() - begin) / calls

    block(1)
    once = min(block(1), block(2))
    calls = max(1, min(most_calls, math.ceil(BLOCK_S / once)))
    block(calls)
    return statistics.median(block(calls) for _ in range(BLOCKS if once < SLOW_S else FEW_BLOCKS)) * 1e3


def peak_of(run) -> int:
    """Bytes above what is there before a call."""
    if not ON_GPU:
        return 0
    synchronize()
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    run()
    synchronize()
    return torch.cuda.max_memory_allocated() - before


def drawn(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(*shape, device=DEVICE).to(dtype)


def distance(found, expected) -> float:
    """|found − expected| / |expected|, the worst of several results."""
    worst = 0.0
    for a, b in zip(found, expected, strict=True):
        a, b = a.to(DEVICE).double().flatten(), b.double().flatten()
        worst = max(worst, ((a - b).norm() / b.norm().clamp(min=1e-30)).item())
    return worst


class Row:
    """ways: by name, functions that return the row's results. reference: as one of them, in higher precision."""

    def __init__(self, ways, reference, most_calls: int = MOST_CALLS):
        self.ways, self.reference, self.most_calls = ways, reference, most_calls

    def answer(self, outputs: str) -> dict:
        times, problems, results = {}, {}, {}
        peak = 0
        for name, way in self.ways.items():
            try:
                results[name] = way()
                taken = peak_of(way)
                times[name] = measure(way, self.most_calls)
                if times[name] == min(times.values()):
                    peak = taken
            except Exception as error:  # one way less: said in the answer
                problems[name] = f"{type(error).__name__}: {str(error).splitlines()[0][:90]}"
            if len(times) > 1:  # keep the results of the best only
                for other in list(results):
                    if other != min(times, key=times.get):
                        results.pop(other, None)
        if not times:
            return {"error": str(problems)}
        best = min(times, key=times.get)
        said = {"ms": times[best], "way": best, "all": times, "problems": problems, "peak": peak}
        if self.reference is not None and outputs:
            expected = self.reference()
            said["error_peer"] = distance(results[best], expected)
            ours = load_file(outputs)
            said["error_ours"] = distance([ours[str(i)] for i in range(len(expected))], expected)
        return said


def gradients(run, leaves, seeds):
    """Results and gradients of a function of leaves."""

    def both():
        out = run(*leaves)
        return [out.detach(), *torch.autograd.grad(out, leaves, seeds)]

    return both


def without_gradients(run):
    def plain():
        with torch.no_grad():
            return [run()]

    return plain


def leaves_of(*tensors):
    return [t.detach().requires_grad_() for t in tensors]


def exactly(run, inputs, seed, dtype: torch.dtype, with_gradients: bool):
    """The row's results in a wider type, made when they are asked for."""

    def reference():
        wide = [t.detach().to(dtype) for t in inputs]
        return gradients(run, leaves_of(*wide), seed.to(dtype))() if with_gradients else without_gradients(lambda: run(*wide))()

    return reference


# --- groups: draw the inputs, return them and the rows -------------------------------------------------------------------------------------------


def linear(size: int, dtype: str, **_):
    x, w = drawn(size, size, dtype=TYPES[dtype]), drawn(size, size, dtype=TYPES[dtype])

    def reference():
        exact = torch.float64 if dtype == "f32" else torch.float32
        return [x.to(exact) @ w.to(exact).T]

    return {"x": x, "w": w}, {"forward": Row({"torch": without_gradients(lambda: F.linear(x, w))}, reference)}


def ground(side: int, height: float, **_):
    return {"coords": terrain(side, height)}, {}


def voxels(coords: str, **_):
    """In bench.ts's order, from the file that it names."""
    return load_file(coords)["coords"].to(DEVICE)


def keys_of(coords):
    c = coords.long()
    return ((c[..., 0] * 2048 + c[..., 1] + 1) * 2048 + c[..., 2] + 1) * 2048 + c[..., 3] + 1


SHIFTS = torch.tensor([[0, x, y, z] for z in (-1, 0, 1) for y in (-1, 0, 1) for x in (-1, 0, 1)], device=DEVICE)


def neighbours_of(coords):
    """int64 [N, 27], −1 where there is none."""
    keys, order = keys_of(coords).sort()
    wanted = keys_of(coords.long()[:, None] + SHIFTS)
    at = torch.searchsorted(keys, wanted).clamp(max=len(coords) - 1)
    return torch.where(keys[at] == wanted, order[at], -1)


def pairs_of(neighbours):
    """Rows out and in of every tap; waits once."""
    by_tap = neighbours.T.contiguous()
    met = by_tap >= 0
    rows_out, rows_in = met.nonzero()[:, 1], by_tap[met]
    counts = met.sum(1).tolist()
    return list(zip(rows_out.split(counts), rows_in.split(counts)))


def neighbour_map(**sizes):
    coords = voxels(**sizes)
    return {"coords": coords}, {
        "map": Row({"sort + searchsorted": lambda: [neighbours_of(coords)]}, lambda: [neighbours_of(coords)]),
        "map and pairs": Row({"sort + searchsorted + nonzero": lambda: [pairs_of(neighbours_of(coords))[0][0]]}, None),
    }


def conv(channels: int, dtype: str, **sizes):
    coords = voxels(**sizes)
    n, kind = len(coords), TYPES[dtype]
    f, g = drawn(n, channels, dtype=kind), drawn(n, channels, dtype=kind)
    w = (torch.randn(27, channels, channels, device=DEVICE) / (9 * channels) ** 0.5).to(kind)

    def by_taps(f, w, taps):
        out = torch.zeros(n, channels, dtype=f.dtype, device=DEVICE)
        for t, (o, i) in enumerate(taps):
            out = out.index_add_(0, o, f.index_select(0, i) @ w[t])
        return out

    def rows_of(neighbours):
        return torch.where(neighbours < 0, n, neighbours).flatten()

    def by_columns(f, w, rows):
        columns = torch.cat([f, f.new_zeros(1, channels)]).index_select(0, rows)
        return columns.view(n, 27 * channels) @ w.reshape(27 * channels, channels)

    neighbours = neighbours_of(coords)
    taps, rows = pairs_of(neighbours), rows_of(neighbours)
    leaves = leaves_of(f, w)
    names = ("gather-mm-index_add", "im2col")
    ways = ((by_taps, taps), (by_columns, rows))

    def exact(with_gradients: bool):
        return exactly(lambda f, w: by_taps(f, w, taps), (f, w), g, torch.float64, with_gradients)

    return {"coords": coords, "f": f, "w": w, "g": g}, {
        "forward": Row({k: without_gradients(lambda way=way, index=index: way(f, w, index)) for k, (way, index) in zip(names, ways)}, exact(False)),
        "forward, map built": Row(
            {
                names[0]: without_gradients(lambda: by_taps(f, w, pairs_of(neighbours_of(coords)))),
                names[1]: without_gradients(lambda: by_columns(f, w, rows_of(neighbours_of(coords)))),
            },
            exact(False),
        ),
        "forward + backward": Row(
            {k: gradients(lambda f, w, way=way, index=index: way(f, w, index), leaves, g) for k, (way, index) in zip(names, ways)}, exact(True)
        ),
    }


def windows_of(coords, edge: int):
    """Rows in order of windows, and where each begins."""
    cells = coords.long()
    cells[:, 1:] //= edge
    keys, order = keys_of(cells).sort(stable=True)
    counts = torch.unique_consecutive(keys, return_counts=True)[1]
    return order, torch.cat([counts.new_zeros(1), counts.cumsum(0)])


def windows(heads: int, dim: int, dtype: str, **sizes):
    coords = voxels(**sizes)
    n, kind = len(coords), TYPES[dtype]
    qkv, g = drawn(n, 3, heads, dim, dtype=kind), drawn(n, heads, dim, dtype=kind)
    order, starts = windows_of(coords, 8)
    lengths = starts.diff()
    longest = int(lengths.max())
    buckets = []
    for size in range(16, longest + 16, 16):
        some = ((lengths > size - 16) & (lengths <= size)).nonzero().squeeze(1)
        if len(some):
            at = starts[some][:, None] + torch.arange(size, device=DEVICE)
            real = torch.arange(size, device=DEVICE) < lengths[some][:, None]
            index = order[at.clamp(max=n - 1)]
            buckets.append((size, len(some), index.flatten(), real.flatten().nonzero().squeeze(1), index[real], real[:, None, None, :]))
    rows_of_all = torch.cat([bucket[4] for bucket in buckets])

    def padded(qkv):
        outs = []
        for size, count, index, real, _, mask in buckets:
            q, k, v = qkv.index_select(0, index).view(count, size, 3, heads, dim).permute(2, 0, 3, 1, 4).unbind(0)
            out = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
            outs.append(out.transpose(1, 2).reshape(count * size, heads, dim).index_select(0, real))
        return torch.empty(n, heads, dim, dtype=qkv.dtype, device=DEVICE).index_copy(0, rows_of_all, torch.cat(outs))

    edges = starts.int()

    def varlen(qkv):
        from torch.nn.attention.varlen import varlen_attn

        q, k, v = qkv.index_select(0, order).unbind(1)
        out = varlen_attn(q, k, v, edges, edges, longest, longest)
        return torch.empty_like(out).index_copy(0, order, out)

    ways = {"padded SDPA": padded, "varlen flash": varlen}
    leaf = leaves_of(qkv)

    def exact(with_gradients: bool):
        return exactly(padded, (qkv,), g, torch.float32, with_gradients)

    return {"coords": coords, "qkv": qkv, "g": g}, {
        "forward": Row({k: without_gradients(lambda way=way: way(qkv)) for k, way in ways.items()}, exact(False)),
        "forward + backward": Row({k: gradients(way, leaf, g) for k, way in ways.items()}, exact(True)),
    }


def block(heads: int, dim: int, dtype: str, **sizes):
    """TexVAE's T-block: attention in windows and an MLP, norms without learned scale, residuals in f32."""
    coords = voxels(**sizes)
    n, c = len(coords), heads * dim
    order, starts = windows_of(coords, 8)
    edges, longest = starts.int(), int(starts.diff().max())
    x, g = drawn(n, c), drawn(n, c)
    shapes = {"attention.qkv": (3 * c, c), "attention.out": (c, c), "mlp.up": (4 * c, c), "mlp.down": (c, 4 * c)}
    weights = {}
    for name, (rows, columns) in shapes.items():
        weights[name + ".weight"] = drawn(rows, columns) / columns**0.5
        weights[name + ".bias"] = drawn(rows) / 8
    leaves = leaves_of(x, *weights.values())

    def attend(qkv):
        if qkv.dtype == torch.bfloat16:
            from torch.nn.attention.varlen import varlen_attn

            q, k, v = qkv.index_select(0, order).unbind(1)
            return torch.empty_like(q).index_copy(0, order, varlen_attn(q, k, v, edges, edges, longest, longest))
        q, k, v = (t[order].transpose(0, 1)[None] for t in qkv.unbind(1))
        outs = [F.scaled_dot_product_attention(q[:, :, a:b], k[:, :, a:b], v[:, :, a:b]) for a, b in zip(starts[:-1].tolist(), starts[1:].tolist())]
        return torch.empty_like(qkv[:, 0]).index_copy(0, order, torch.cat(outs, 2)[0].transpose(0, 1))

    def run(x, *values):
        p = dict(zip(weights, values))

        def layer(name, h):
            return F.linear(h, p[name + ".weight"], p[name + ".bias"])

        def norm(h):
            return F.layer_norm(h, (c,), None, None, 1e-6)

        attended = x + layer("attention.out", attend(layer("attention.qkv", norm(x)).view(n, 3, heads, dim)).flatten(1))
        return attended + layer("mlp.down", F.gelu(layer("mlp.up", norm(attended)), approximate="tanh"))

    def mixed(*leaves):
        with torch.autocast(DEVICE.type, torch.bfloat16, enabled=dtype == "bf16"):
            return run(*leaves)

    reference = without_gradients(lambda: run(x, *weights.values()))
    return {"x": x, "g": g, **weights}, {
        "forward": Row({"torch, varlen flash": without_gradients(lambda: mixed(x, *weights.values()))}, reference),
        "forward + backward": Row({"torch, varlen flash": gradients(mixed, leaves, g)}, None),
    }


def attention(tokens: int, heads: int, dim: int, dtype: str, **_):
    kind = TYPES[dtype]
    q, k, v, g = (drawn(tokens, heads, dim, dtype=kind) for _ in range(4))
    leaves = leaves_of(q, k, v)

    def full(q, k, v):
        return F.scaled_dot_product_attention(*(t.transpose(0, 1)[None] for t in (q, k, v)))[0].transpose(0, 1)

    def exact(with_gradients: bool):
        return exactly(full, (q, k, v), g, torch.float32, with_gradients)

    return {"q": q, "k": k, "v": v, "g": g}, {
        "forward": Row({"SDPA": without_gradients(lambda: full(q, k, v))}, exact(False)),
        "forward + backward": Row({"SDPA": gradients(full, leaves, g)}, exact(True)),
    }


def norms(rows: int, channels: int, dtype: str, **_):
    kind = TYPES[dtype]
    x, y, g = (drawn(rows, channels, dtype=kind) for _ in range(3))
    weight, bias, scale, shift, gate = (drawn(1, channels, dtype=kind) for _ in range(5))

    def norm(x, weight, bias):
        return F.layer_norm(x, (channels,), weight.flatten(), bias.flatten(), 1e-6)

    def modulated(x, scale, shift):
        return F.layer_norm(x, (channels,), None, None, 1e-6) * (1 + scale) + shift

    def gated(x, gate, y):
        return x + gate * y

    def row(run, *inputs):
        return (
            Row({"torch": without_gradients(lambda: run(*inputs))}, exactly(run, inputs, g, torch.float32, False)),
            Row({"torch": gradients(run, leaves_of(*inputs), g)}, exactly(run, inputs, g, torch.float32, True)),
        )

    rows_of = {}
    rows_of["layer_norm forward"], rows_of["layer_norm forward + backward"] = row(norm, x, weight, bias)
    rows_of["modulated_norm forward"], rows_of["modulated_norm forward + backward"] = row(modulated, x, scale, shift)
    rows_of["gated_add forward"], rows_of["gated_add forward + backward"] = row(gated, x, gate, y)
    inputs = {"x": x, "y": y, "g": g, "weight": weight, "bias": bias, "scale": scale, "shift": shift, "gate": gate}
    return inputs, rows_of


def adamw(count: int, size: int, lr: float, beta1: float, beta2: float, eps: float, decay: float, clip: float, ema: float, **_):
    base, slope = drawn(size), drawn(size)

    def fresh():
        params = [(base * (1 + i / 64)).requires_grad_() for i in range(count)]
        for i, p in enumerate(params):
            p.grad = slope * (1 - i / 128)
        averages = [p.detach().clone() for p in params]
        return params, averages, torch.optim.AdamW(params, lr=lr, betas=(beta1, beta2), eps=eps, weight_decay=decay, fused=True)

    def update(params, averages, optimiser):
        torch.nn.utils.clip_grad_norm_(params, clip, foreach=True)
        optimiser.step()
        with torch.no_grad():
            torch._foreach_lerp_(averages, params, 1 - ema)

    state = fresh()
    first = []

    def run():
        update(*state)
        if not first:
            first.extend(t.detach().clone() for some in state[:2] for t in (some[0], some[-1]))
        return first

    def reference():
        gradients = [slope.double() * (1 - i / 128) for i in range(count)]
        norm = math.sqrt(sum((t * t).sum().item() for t in gradients))
        after = []
        for i in (0, count - 1):
            g = gradients[i] * min(1, clip / (norm + 1e-6))
            p = (base * (1 + i / 64)).double()
            new = p * (1 - lr * decay) - lr * g / (g.abs() + eps)
            after.append((new, ema * p + (1 - ema) * new))
        return [after[0][0], after[1][0], after[0][1], after[1][1]]

    return {"base": base, "slope": slope}, {"update": Row({"clip + fused AdamW + foreach EMA": run}, reference)}


def launches(chain: int, **_):
    a, b = torch.ones((), device=DEVICE), torch.full((), 2.0, device=DEVICE)
    leaf = torch.ones((), device=DEVICE, requires_grad=True)

    def many():
        for _ in range(chain):
            a + b
        return [a]

    def differentiated():
        x = leaf
        for _ in range(chain):
            x = x + b
        return list(torch.autograd.grad(x, leaf))

    def read():
        for _ in range(chain):
            (a + b).item()
        return [a]

    return {}, {
        "add": Row({"Python": many}, None, 4),
        "add, read back": Row({"Python": read}, None, 2),
        "chain forward + backward": Row({"Python": differentiated}, None, 4),
    }


GROUPS = {g.__name__: g for g in (linear, ground, neighbour_map, conv, windows, block, attention, norms, adamw, launches)}


def main() -> None:
    torch.manual_seed(0)
    rows = {}
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no answer

    def say(answer: dict) -> None:
        out.write(json.dumps(answer) + "\n")
        out.flush()

    if ON_GPU:
        drawn(512, 512) @ drawn(512, 512)
        synchronize()
    name = torch.cuda.get_device_name() if ON_GPU else "cpu"
    say({"torch": torch.__version__, "device": name, "python": sys.version.split()[0]})
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            if "prepare" in asked:
                rows.clear()
                with contextlib.suppress(Exception):
                    torch.cuda.empty_cache()
                inputs, made = GROUPS[asked.pop("prepare")](**asked)
                rows.update(made)
                if inputs:
                    save_file({k: t.detach().cpu().contiguous() for k, t in inputs.items()}, asked["inputs"])
                synchronize()
                say({"ready": True})
            else:
                said = rows[asked["row"]].answer(asked["outputs"])
                if ON_GPU:
                    torch.cuda.empty_cache()
                say(said)
        except Exception as error:
            import traceback

            traceback.print_exc()
            say({"error": f"{type(error).__name__}: {str(error)[:300]}"})


if __name__ == "__main__":
    main()
