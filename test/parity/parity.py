"""Compares operators of libearthcraft.so, loaded into Python's torch, with other people's programs on the same tensors.

    python3 test/parity/parity.py build/libearthcraft.so test/parity/check_attention.py …

A file holds functions `check_…(ops, parity)`. Every comparison is a line of JSON: name, errors, bound, ok. An error is the largest difference from a
result in double, as a share of the largest value in it; ours may be twice the peer's own, or a rounding or two where the peer is exact.
"""

import importlib.util
import json
import os
import sys

import torch

# Where a peer is exact by luck: an error of a few roundings of the largest value.
FLOOR = {torch.float64: 1e-13, torch.float32: 5e-7, torch.bfloat16: 2**-8}


class Missing(Exception):
    """A peer that this environment lacks."""


def needs(module: str):
    """The module, or the comparison is skipped, with the reason."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise Missing(f"this Python has no {module} ({error}): pip install -r test/parity/requirements.txt") from error


def leaf(t: torch.Tensor, dtype: torch.dtype | None = None) -> torch.Tensor:
    return t.detach().to(dtype or t.dtype).clone().requires_grad_()


def with_gradients(run, inputs, seeds, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """Results of run(*leaves) and the gradients of the leaves, all in `dtype`. inputs: by name; seeds: one for every result that is differentiated."""
    leaves = {name: leaf(t, dtype) for name, t in inputs.items()}
    out = run(*leaves.values())
    outs = out if isinstance(out, (list, tuple)) else [out]
    grads = torch.autograd.grad([o for o, s in zip(outs, seeds) if s is not None], list(leaves.values()), [s.to(dtype) for s in seeds if s is not None])
    found = {f"result {i}" if len(outs) > 1 else "result": o.detach() for i, o in enumerate(outs)}
    return found | {f"gradient of {name}": g for name, g in zip(leaves, grads)}


def error_of(found: torch.Tensor, exact: torch.Tensor) -> float:
    if found.shape != exact.shape:
        return 1e9
    if exact.numel() == 0:
        return 0.0
    largest = exact.double().abs().max().item()
    difference = (found.double() - exact.double()).abs().max().item()
    if difference == 0:
        return 0.0
    return difference / largest if largest > 0 and difference == difference else 1e9


class Parity:
    def __init__(self, out):
        self.out = out

    def say(self, name: str, **rest) -> None:
        self.out.write(json.dumps({"name": name, **rest}) + "\n")
        self.out.flush()

    def beside(self, name: str, ours: dict, peer: dict, exact: dict, floor=None) -> None:
        """Ours at most twice as far from `exact` as the peer, or `floor`. Results that are all zero say nothing, and fail."""
        assert ours.keys() == peer.keys() == exact.keys(), (ours.keys(), peer.keys(), exact.keys())
        assert any(value.abs().max() > 0 for value in exact.values() if value.numel()), f"{name}: nothing but zeros"
        rows = []
        for key, value in exact.items():
            least = FLOOR[ours[key].dtype] if floor is None else floor(key)
            mine, theirs = error_of(ours[key], value), error_of(peer[key], value)
            rows.append({"of": key, "ours": mine, "peer": theirs, "bound": max(2 * theirs, least), "ok": mine <= max(2 * theirs, least)})
        worst = max(rows, key=lambda row: row["ours"] / row["bound"])
        self.say(name, **{**worst, "ok": all(row["ok"] for row in rows)})

    def equal(self, name: str, ours, peer) -> None:
        """Whole numbers, one for one."""
        ours, peer = torch.as_tensor(ours), torch.as_tensor(peer)
        different = -1 if ours.shape != peer.shape else int((ours.long() != peer.long()).sum())
        self.say(name, ours=different, peer=0, bound=0, ok=different == 0 and peer.numel() > 0)


def main() -> None:
    library, *files = sys.argv[1:]
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no answer
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS") or 2))
    torch.ops.load_library(library)
    parity = Parity(out)
    for file in files:
        spec = importlib.util.spec_from_file_location(os.path.basename(file)[:-3], file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for name, check in list(vars(module).items()):
            if not name.startswith("check_"):
                continue
            torch.manual_seed(1)
            try:
                check(torch.ops.earthcraft, parity)
            except Missing as missing:
                parity.say(name, skipped=str(missing))


if __name__ == "__main__":
    sys.modules["parity"] = sys.modules["__main__"]
    main()
