"""The peer of ngp.ts: InstantNGP's step in torch operators, on the tensors that ngp.ts wrote.

    python3 test/bench/peers/ngp.py DIR

Reads a line with what to do (`encode`, `mlp`, `step`) and answers with a line of JSON, the milliseconds of a call; `values` writes what the step gives.
"""

import json
import pathlib
import statistics
import sys
import time

import numpy
import torch

F = torch.nn.functional
folder = pathlib.Path(sys.argv[1])
about = json.loads((folder / "about.json").read_text())
torch.set_num_threads(about["threads"])


def read(name: str, *shape: int) -> torch.Tensor:
    return torch.from_numpy(numpy.fromfile(folder / f"{name}.f32", dtype=numpy.float32)).reshape(*shape)


n, rays, width = about["samples"], about["rays"], about["features"]
resolutions, entries = about["resolutions"], 2 ** about["log2Entries"]
positions, directions, lengths = read("positions", n, 3), read("directions", n, 3), read("lengths", n)
target = read("target", rays, 3)
widths = {"density": about["density"], "color": about["color"]}


def matrices(name: str) -> list[torch.Tensor]:
    flat, sizes, first, out = read(name, -1), widths[name], 0, []
    for i, o in zip(sizes, sizes[1:]):
        out.append(flat[first : first + i * o].reshape(o, i).clone().requires_grad_())
        first += i * o
    return out


density, color = matrices("density"), matrices("color")
PRIMES = (1, 2654435761, 805459861)
hashed = [(cells + 1) ** 3 > entries for cells in resolutions]
# A table a level: the gradient of a part of one table would be as long as the whole.
tables = [t.clone().requires_grad_() for t in read("table", -1, width).split([min((cells + 1) ** 3, entries) for cells in resolutions])]


def level(l: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows [n, 8] of a level's table and weights [n, 8], z, y, x from slowest to fastest."""
    cells = resolutions[l]
    scaled = positions * cells
    low = scaled.floor().clamp(max=cells - 1)
    along = scaled - low
    x, y, z = torch.stack([low, low + 1], -1).long().unbind(1)  # [n, 2] each
    if hashed[l]:
        y, z = y * PRIMES[1] & 0xFFFFFFFF, z * PRIMES[2] & 0xFFFFFFFF
        row = (x[:, None, None, :] ^ y[:, None, :, None] ^ z[:, :, None, None]) & (entries - 1)
    else:
        row = x[:, None, None, :] + (cells + 1) * (y[:, None, :, None] + (cells + 1) * z[:, :, None, None])
    u, v, w = torch.stack([1 - along, along], -1).unbind(1)
    return row.reshape(n, 8), (u[:, None, None, :] * v[:, None, :, None] * w[:, :, None, None]).reshape(n, 8)


def encode(differentiated: bool = True) -> torch.Tensor:
    """Of torch's ways the quickest: a bag of embeddings forward, whose backward is slow, and rows by index_select where there is one."""
    out = []
    for l, table in enumerate(tables):
        row, weight = level(l)
        if differentiated:
            out.append((table.index_select(0, row.flatten()).view(n, 8, width) * weight.unsqueeze(-1)).sum(1))
        else:
            out.append(F.embedding_bag(row, table, per_sample_weights=weight, mode="sum"))
    return torch.cat(out, 1)


def network(x: torch.Tensor, layers: list[torch.Tensor]) -> torch.Tensor:
    for weight in layers[:-1]:
        x = F.linear(x, weight).relu()
    return F.linear(x, layers[-1])


def harmonics(d: torch.Tensor) -> torch.Tensor:
    x, y, z = d.unbind(-1)
    xx, yy, zz = x * x, y * y, z * z
    return torch.stack(
        [
            torch.full_like(x, 0.28209479177387814),
            -0.4886025119029199 * y, 0.4886025119029199 * z, -0.4886025119029199 * x,
            1.0925484305920792 * x * y, -1.0925484305920792 * y * z, 0.31539156525252 * (3 * zz - 1), -1.0925484305920792 * x * z,
            0.5462742152960396 * (xx - yy),
            -0.5900435899266435 * y * (3 * xx - yy), 2.890611442640554 * x * y * z, -0.4570457994644658 * y * (5 * zz - 1),
            0.3731763325901154 * z * (5 * zz - 3), -0.4570457994644658 * x * (5 * zz - 1), 1.445305721320277 * z * (xx - yy),
            -0.5900435899266435 * x * (xx - 3 * yy),
        ],
        1,
    )


def loss() -> torch.Tensor:
    features = network(encode(), density)
    sigma = features[:, 0].clamp(max=15).exp() / about["extent"]
    shown = network(torch.cat([harmonics(directions), features], 1), color).sigmoid()
    through = (sigma * lengths).reshape(rays, -1)
    light = torch.exp(-F.pad(through, (1, 0)).cumsum(1))[:, :-1]
    weight = light * (1 - torch.exp(-through))
    image = (weight.unsqueeze(-1) * shown.reshape(rays, -1, 3)).sum(1)
    return (image - target).square().mean()


parameters = [*tables, *density, *color]
adam = torch.optim.Adam(parameters, lr=1e-4, betas=(0.9, 0.99), eps=1e-15, fused=True)
flat = torch.randn(n, widths["density"][0], generator=torch.Generator().manual_seed(1))


def step() -> None:
    adam.zero_grad()
    loss().backward()
    adam.step()


def forward(run) -> None:
    with torch.no_grad():
        run()


def encode_both() -> None:
    for table in tables:
        table.grad = None
    encode().backward(slope)


slope = torch.ones(n, len(resolutions) * width)
RUNS = {
    "encode": lambda: forward(lambda: encode(False)),
    "encode_both": encode_both,
    "mlp": lambda: forward(lambda: network(flat, density)),
    "step": step,
}


def values() -> None:
    with torch.no_grad():
        encode(False).numpy().tofile(folder / "peer-encode.f32")
        network(encode(), density).numpy().tofile(folder / "peer-mlp.f32")
    adam.zero_grad()
    found = loss()
    found.backward()
    (folder / "peer-loss.json").write_text(json.dumps(found.item()))
    torch.cat([table.grad for table in tables]).numpy().tofile(folder / "peer-table-grad.f32")
    torch.cat([w.grad.flatten() for w in density]).numpy().tofile(folder / "peer-density-grad.f32")
    torch.cat([w.grad.flatten() for w in color]).numpy().tofile(folder / "peer-color-grad.f32")


clock = time.process_time if about["threads"] == 1 else time.perf_counter

for line in sys.stdin:
    what = line.strip()
    if what == "values":
        values()
        print("{}", flush=True)
        continue
    times = []
    for _ in range(about["repeat"] + 1):
        begin = clock()
        RUNS[what]()
        times.append((clock() - begin) * 1e3)
    print(json.dumps({"ms": statistics.median(times[1:])}), flush=True)
