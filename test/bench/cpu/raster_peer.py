"""The scene of splats that is timed, and a 16 x 16 tile rasteriser in numba: a tile's pixels one after the other, as a plain program would."""

import math

import torch

F = torch.nn.functional


def look_at(eye, target) -> torch.Tensor:
    eye, target, up = (torch.tensor(v, dtype=torch.float64) for v in (eye, target, (0, 0, 1)))
    forward = F.normalize(target - eye, dim=0)
    right = F.normalize(torch.linalg.cross(forward, up), dim=0)
    matrix = torch.eye(4, dtype=torch.float64)
    matrix[:3, :3] = torch.stack([right, torch.linalg.cross(forward, right), forward])
    matrix[:3, 3] = -matrix[:3, :3] @ eye
    return matrix


def scene(count: int, width: int, height: int, voxel: float = 0.556):
    """Splats on hills 200 m across, seen from a corner; and the camera."""
    xy = (torch.rand(count, 2) - 0.5) * 200
    splats = {
        "means": torch.cat([xy, 8 * torch.sin(xy[:, :1] / 23) * torch.cos(xy[:, 1:] / 31) + 3 * torch.rand(count, 1)], 1),
        "quats": torch.randn(count, 4),
        "scales": 0.256 * voxel * (1 + 0.3 * torch.rand(count, 2)),
        "opacities": 0.1 + 0.8 * torch.rand(count),
        "colors": torch.rand(count, 3),
    }
    K = torch.tensor([[1.1 * width, 0, width / 2], [0, 1.1 * width, height / 2], [0, 0, 1]], dtype=torch.float64)
    return splats, (look_at((200.0, 0.0, 180.0), (0.0, 0.0, 0.0))[None], K[None], width, height)


def transforms_of(on_screen: torch.Tensor) -> torch.Tensor:
    """What splat_render_forward keeps of a splat, as the paper's transform to pixels [M, 3, 3]."""
    x, y, a, b, c, d, w0, w1, z = on_screen[:, :9].double().unbind(1)
    return torch.stack([a + x * w0, b + x * w1, x * z, c + y * w0, d + y * w1, y * z, w0, w1, z], 1).view(-1, 3, 3).float()


def tile_raster():
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
