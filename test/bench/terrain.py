"""Voxels such as a town has, for benches."""

import torch


def terrain(side: int, height: float, seed: int = 0) -> torch.Tensor:
    """Surface voxels of a rolling town: every column's top, walls filled to the lowest neighbour, blocks of buildings."""
    g = torch.Generator().manual_seed(seed)
    x, y = torch.meshgrid(torch.arange(side).float(), torch.arange(side).float(), indexing="ij")
    z = height * (1 + torch.sin(x / side * 5) * torch.cos(y / side * 4)) / 2 + 1.5 * torch.rand(side, side, generator=g)
    blocks = torch.rand((side + 11) // 12, (side + 11) // 12, generator=g)
    blocks = blocks.repeat_interleave(12, 0).repeat_interleave(12, 1)[:side, :side]
    inside = ((x % 12) < 6) & ((y % 12) < 7) & (blocks > 0.6)
    z = (z + torch.where(inside, 4 + 6 * blocks, torch.zeros(()))).long()
    low = -torch.nn.functional.max_pool2d(-torch.nn.functional.pad(z[None, None].float(), (1, 1, 1, 1), mode="replicate"), 3, 1)[0, 0].long()
    rows = []
    for step in range(int((z - low).max()) + 1):
        keep = (z - step >= low + (step > 0)) & (z - step >= 0)
        rows.append(torch.stack([torch.zeros_like(z), x.long(), y.long(), z - step], -1)[keep])
    return torch.cat(rows).int()
