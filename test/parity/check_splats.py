"""2D Gaussian splats beside gsplat's projection in torch, and beside a brute-force compositor of the paper in double: every pixel, every splat.

Huang et al., "2D Gaussian Splatting for Geometrically Accurate Radiance Fields", 2024. Equations by its numbers. What the paper leaves open is as in
our kernels/splat.h: alpha below 1/255 draws nothing, alpha is at most 0.999, light ends at 1e-4.
"""

import torch
from parity import needs, with_gradients

ALPHA_MIN, ALPHA_MAX, LIGHT_MIN = 1 / 255, 0.999, 1e-4
IMAGES = ("color", "alpha", "depth", "median", "normal", "distortion")
DIFFERENTIATED = (True, True, True, False, True, True)


def look_at(eye, target) -> torch.Tensor:
    eye, target, up = (torch.tensor(v, dtype=torch.float64) for v in (eye, target, (0, 0, 1)))
    forward = torch.nn.functional.normalize(target - eye, dim=0)
    right = torch.nn.functional.normalize(torch.linalg.cross(forward, up), dim=0)
    matrix = torch.eye(4, dtype=torch.float64)
    matrix[:3, :3] = torch.stack([right, torch.linalg.cross(forward, right), forward])
    matrix[:3, 3] = -matrix[:3, :3] @ eye
    return matrix


def cameras(width: int, height: int, focal: float):
    views = torch.stack([look_at((3.0, 1.0, 2.0), (0.0, 0.1, 0.0)), look_at((-1.0, -4.0, 1.0), (0.2, 0.1, 0.0))])
    K = torch.tensor([[focal, 0, 0.48 * width], [0, 1.1 * focal, 0.53 * height], [0, 0, 1]], dtype=torch.float64)
    return views, K.expand(2, 3, 3).contiguous(), width, height


def cloud(count: int, channels: int = 3, size: float = 0.4, opacity: float = 0.95) -> dict:
    return {
        "means": 1.4 * (2 * torch.rand(count, 3) - 1),
        "quats": torch.randn(count, 4),
        "scales": size * torch.rand(count, 2) + 0.02,
        "opacities": opacity * torch.rand(count) + 0.02,
        "colors": torch.rand(count, channels),
        "background": torch.rand(channels),
    }


def rotations(quats: torch.Tensor) -> torch.Tensor:
    w, x, y, z = torch.nn.functional.normalize(quats, dim=-1).unbind(-1)
    rows = [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y), 2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)]
    rows += [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)]
    return torch.stack(rows, -1).unflatten(-1, (3, 3))


def transforms(means, quats, scales, viewmat, K):
    """The splats' transforms to pixels, rows (x z, y z, z) of columns u, v, 1 (Eq. 7), and normals in world axes, towards the camera."""
    R, t = viewmat[:3, :3], viewmat[:3, 3]
    axes = rotations(quats)
    columns = torch.stack([axes[:, :, 0] * scales[:, :1], axes[:, :, 1] * scales[:, 1:2], means], -1)  # [M, 3, 3], world
    seen = R @ columns
    seen = torch.cat([seen[:, :, :2], seen[:, :, 2:] + t[:, None]], -1)
    normal = axes[:, :, 2]
    away = ((R @ normal[:, :, None]).squeeze(-1) * seen[:, :, 2]).sum(-1, keepdim=True) > 0
    return K @ seen, torch.where(away, -normal, normal)


def composite(means, quats, scales, opacities, colors, background, viewmat, K, width, height, near=0.01):
    """Images of one view, and the least relative distance of each pixel from a threshold, beyond which rounding decides what is drawn."""
    kind = means.dtype
    T, normals = transforms(means, quats, scales, viewmat.to(kind), K.to(kind))
    order = T[:, 2, 2].detach().argsort(stable=True)
    order = order[T[order, 2, 2] >= near]
    T, normals, opacities, colors = T[order], normals[order], opacities[order], colors[order]
    y, x = torch.meshgrid(torch.arange(height, dtype=kind) + 0.5, torch.arange(width, dtype=kind) + 0.5, indexing="ij")
    x, y = x.reshape(-1, 1, 1), y.reshape(-1, 1, 1)
    # The planes of a pixel's column and row in the splat's own coordinates; their line meets the splat where both vanish (Eq. 8 to 10).
    u, v, w = torch.linalg.cross(x * T[:, 2] - T[:, 0], y * T[:, 2] - T[:, 1]).unbind(-1)
    u, v = u / w, v / w
    centre = T[:, :2, 2] / T[:, 2:, 2]
    on_disc = u * u + v * v
    on_pixel = 2 * ((x[..., 0] - centre[:, 0]) ** 2 + (y[..., 0] - centre[:, 1]) ** 2)  # the low-pass of σ = √½ pixels (Eq. 11)
    disc = on_disc <= on_pixel
    raw = opacities * torch.exp(-torch.where(disc, on_disc, on_pixel) / 2)
    z = torch.where(disc, T[:, 2, 0] * u + T[:, 2, 1] * v + T[:, 2, 2], T[:, 2, 2])
    alpha = raw.clamp(max=ALPHA_MAX)
    drawn = (alpha >= ALPHA_MIN) & (z >= near)
    light = torch.cumprod(1 - torch.where(drawn, alpha, 0), 1)  # behind each
    ended = (drawn & (light <= LIGHT_MIN)).cummax(1)[0]
    kept = drawn & ~ended
    alpha = torch.where(kept, alpha, 0)
    before = torch.cat([torch.ones_like(light[:, :1]), torch.cumprod(1 - alpha, 1)], 1)
    weight = alpha * before[:, :-1]
    rest = before[:, -1]
    total = weight.sum(1)
    depth = torch.where(total > 0, (weight * z).sum(1) / total.clamp(min=1e-30), 0)
    # Depth distortion as the paper's appendix and code sum it, with what lies before each splat; of plain z, as near and far span no scene here.
    distant = torch.where(kept, z, 0)
    sums = [torch.cumsum(weight * distant**power, 1) - weight * distant**power for power in (0, 1, 2)]
    distortion = (weight * (distant**2 * sums[0] - 2 * distant * sums[1] + sums[2])).sum(1)
    # The last that is drawn while more than half of the light is left.
    reached = torch.where(kept & (before[:, :-1] > 0.5), torch.arange(1, len(order) + 1), 0).max(1)[0]
    median = torch.where(reached > 0, z.gather(1, (reached - 1).clamp(min=0)[:, None])[:, 0], 0)
    close = torch.stack(
        [
            (raw / ALPHA_MIN - 1).abs(),
            (raw / ALPHA_MAX - 1).abs(),
            (z / near - 1).abs(),
            torch.where(drawn, (light / LIGHT_MIN - 1).abs(), 1),
            torch.where(kept, (before[:, :-1] * 2 - 1).abs(), 1),
            torch.where(drawn, (on_disc / on_pixel - 1).abs(), 1),
        ]
    ).amin((0, 2))
    shape = lambda t: t.unflatten(0, (height, width))  # noqa: E731
    images = (shape(weight @ colors + rest[:, None] * background).permute(2, 0, 1), shape(1 - rest), shape(depth), shape(median), shape(weight @ normals).permute(2, 0, 1), shape(distortion))
    return images, shape(close.detach())


def all_views(splats, views, Ks, width, height):
    found = [composite(*splats, view, K, width, height) for view, K in zip(views, Ks)]
    return [torch.stack(image) for image in zip(*(images for images, _ in found))], torch.stack([close for _, close in found])


def compare(ops, parity, name: str, splats: dict, size=(37, 29, 34.0)) -> None:
    at = cameras(*size)
    _, close = all_views([t.double() for t in splats.values()], *at)
    decided = close > 1e-4  # elsewhere a float's rounding may tip a splat in or out
    assert decided.float().mean() > 0.9, f"{name}: {decided.float().mean():.2f} of the pixels are decided"

    def cut(images):
        return [torch.where(decided if i.dim() == 3 else decided[:, None], i, 0) for i in images]

    def ours(means, quats, scales, opacities, colors, background):
        return cut(ops.splat_render(means, quats, scales, opacities, colors, *at, background, distortion=True))

    def peer(*splats):
        return cut(all_views(splats, *at)[0])

    channels = splats["colors"].shape[1]
    shapes = [(2, channels, size[1], size[0]), *3 * [(2, size[1], size[0])], (2, 3, size[1], size[0]), (2, size[1], size[0])]
    seeds = [torch.randn(*shape) if wanted else None for shape, wanted in zip(shapes, DIFFERENTIATED)]
    f32, f64 = torch.float32, torch.float64
    named = lambda found: {IMAGES[int(key[-1])] if key.startswith("result") else key: t for key, t in found.items()}  # noqa: E731
    found = [named(with_gradients(run, splats, seeds, kind)) for run, kind in ((ours, f32), (peer, f32), (peer, f64))]
    # Alpha is what light is missing: where it is faint, 1/255, a rounding of the light is 255 of alpha's, which the mean depth is divided by.
    parity.beside(name, *found, floor=lambda of: 2e-4 if of.startswith("gradient") else 255 * 2**-23)


def check_compositor(ops, parity) -> None:
    for name, splats in {
        "discs of all directions": cloud(70),
        "16 channels": cloud(40, channels=16),
        "splats smaller than a pixel": cloud(200, size=0.01, opacity=0.3),
        "splats wider than the picture": cloud(25, size=3.0, opacity=0.5),
        "opaque crowds, where light ends": cloud(150, size=0.8, opacity=0.97),
        "one splat": cloud(1, size=2.0),
    }.items():
        compare(ops, parity, f"2DGS beside brute force: {name}", splats)


def check_projection(ops, parity) -> None:
    project = needs("gsplat.cuda._torch_impl_2dgs")._fully_fused_projection_2dgs
    splats = cloud(500)
    views, Ks, width, height = cameras(61, 47, 55.0)
    shapes = [splats[key] for key in ("means", "quats", "scales", "opacities", "colors")]
    on_screen = ops.splat_render_forward(*shapes, views, Ks, width, height)[7].unflatten(0, (2, -1))
    first = on_screen.contiguous().view(torch.int16)[..., 28:32].long()  # pixels x0, x1, y0, y1 that a splat may reach
    x, y, a, b, c, d, w0, w1, z = on_screen[..., :9].double().unbind(-1)
    T = torch.stack([a + x * w0, b + x * w1, x * z, c + y * w0, d + y * w1, y * z, w0, w1, z], -1).unflatten(-1, (3, 3)).float()
    normal = on_screen[..., 10:13]

    def peer(kind):
        three = torch.cat([splats["scales"], torch.ones(500, 1)], 1)  # their normal has the length of the third scale
        given = [t.to(kind) for t in (splats["means"], splats["quats"], three, views, Ks)]
        radii, _, depths, M, normals = project(*given, width, height)
        world = torch.einsum("vji,vnj->vni", views[:, :3, :3].to(kind), normals)
        return {"ray transforms": M, "depths": depths, "normals": world}, radii

    (plain, _), (exact, radii) = peer(torch.float32), peer(torch.float64)
    parity.beside("2DGS projection beside gsplat's", {"ray transforms": T, "depths": on_screen[..., 8], "normals": normal}, plain, exact)
    # Theirs is a box about 3.33 σ, ours ends where alpha falls below 1/255: what they cull away is not there in ours either.
    gone = (radii == 0).any(-1)
    parity.equal("splats that gsplat culls are culled", ((first[..., 1] >= first[..., 0]) & gone).sum(), 0)
