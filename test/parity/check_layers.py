"""Norms, gate, GELU and the optimiser beside torch's."""

import torch
from parity import leaf, with_gradients

F = torch.nn.functional
DTYPES = (torch.float32, torch.float64)


def compare(parity, name: str, ours, peer, inputs: dict, shape) -> None:
    for dtype in DTYPES:
        given = {key: t.to(dtype) for key, t in inputs.items()}
        seeds = [torch.randn(*shape).to(dtype)]
        exact = with_gradients(peer, given, seeds, torch.float64)
        parity.beside(f"{name}, {dtype}", with_gradients(ours, given, seeds, dtype), with_gradients(peer, given, seeds, dtype), exact)


def check_modulation(ops, parity) -> None:
    sizes = [37, 0, 1, 410]
    starts = torch.tensor([0, *sizes]).cumsum(0)
    scene = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes))
    for channels in (96, 130, 1):
        n, rows = sum(sizes), len(sizes)
        x, y = (torch.randn(n, channels) * torch.linspace(0.1, 3, n)[:, None] + 0.5 for _ in range(2))
        scale, shift, gate = (torch.randn(rows, channels) for _ in range(3))
        if channels > 1:  # the norm of one channel is 0
            compare(
                parity,
                f"modulated norm, {channels} channels, beside layer_norm",
                lambda x, scale, shift: ops.modulated_norm(x, scale, shift, starts, 1e-6),
                lambda x, scale, shift: F.layer_norm(x, (channels,), None, None, 1e-6) * (1 + scale[scene]) + shift[scene],
                {"x": x, "scale": scale, "shift": shift},
                (n, channels),
            )
        compare(
            parity,
            f"gated add, {channels} channels",
            lambda x, gate, y: ops.gated_add(x, gate, y, starts),
            lambda x, gate, y: x + gate[scene] * y,
            {"x": x, "gate": gate, "y": y},
            (n, channels),
        )


def check_norms(ops, parity) -> None:
    n, heads, dim = 211, 3, 40
    compare(
        parity,
        "head norm beside normalize",
        lambda x, gamma: ops.head_norm(x, gamma),
        lambda x, gamma: F.normalize(x, dim=-1) * gamma * dim**0.5,
        {"x": torch.randn(n, heads, dim), "gamma": torch.randn(heads, dim)},
        (n, heads, dim),
    )
    compare(
        parity,
        "layer norm beside layer_norm",
        lambda x, weight, bias: ops.layer_norm(x, weight, bias, 1e-6),
        lambda x, weight, bias: F.layer_norm(x, (130,), weight, bias, 1e-6),
        {"x": torch.randn(n, 130) * 3 + 1, "weight": torch.randn(130), "bias": torch.randn(130)},
        (n, 130),
    )


def check_pointwise_and_linear(ops, parity) -> None:
    x = torch.cat([torch.linspace(-12, 12, 4001), 3 * torch.randn(333)])
    compare(parity, "gelu beside gelu(tanh)", lambda x: ops.gelu(x), lambda x: F.gelu(x, approximate="tanh"), {"x": x}, x.shape)
    for rows, ins, outs in ((301, 96, 384), (5, 7, 3)):
        compare(
            parity,
            f"linear {rows} × {ins} → {outs}",
            lambda x, w, b: ops.linear(x, w, b),
            F.linear,
            {"x": torch.randn(rows, ins), "weight": torch.randn(outs, ins) / ins**0.5, "bias": torch.randn(outs)},
            (rows, outs),
        )


def check_adamw(ops, parity) -> None:
    """Six steps with clipping, weight decay and a moving average; slopes that shrink, so that some are clipped and some are not."""
    lr, betas, eps, decay, clip, ema = 3e-3, (0.9, 0.99), 1e-8, 0.05, 1.0, 0.98
    shapes = [(33, 17), (5,), (1,), (70_001,)]
    start = [torch.randn(*s) for s in shapes]
    slopes = [[torch.randn(*s) * 10 ** (-step) for s in shapes] for step in range(6)]

    def peer(dtype: torch.dtype) -> dict:
        params = [leaf(t, dtype) for t in start]
        averages = [p.detach().clone() for p in params]
        optimiser = torch.optim.AdamW(params, lr=lr, betas=betas, eps=eps, weight_decay=decay, foreach=False)
        for step in slopes:
            for p, g in zip(params, step):
                p.grad = g.to(dtype)
            torch.nn.utils.clip_grad_norm_(params, clip)
            optimiser.step()
            with torch.no_grad():
                torch._foreach_lerp_(averages, params, 1 - ema)
        return result(params, [optimiser.state[p]["exp_avg"] for p in params], [optimiser.state[p]["exp_avg_sq"] for p in params], averages)

    def result(params, means, squares, averages) -> dict:
        kinds = {"parameter": params, "mean": means, "square": squares, "average": averages}
        return {f"{kind} {i}": t.detach().clone() for kind, some in kinds.items() for i, t in enumerate(some)}

    params, averages = [t.clone() for t in start], [t.clone() for t in start]
    means, squares = ([torch.zeros_like(t) for t in start] for _ in range(2))
    for number, step in enumerate(slopes):
        ops.adamw_(params, step, means, squares, averages, lr=lr, beta1=betas[0], beta2=betas[1], eps=eps, weight_decay=decay, clip=clip, ema_decay=ema, step=number + 1)
    parity.beside("AdamW with clipping and average, six steps, beside torch.optim", result(params, means, squares, averages), peer(torch.float32), peer(torch.float64))
