"""Low frequencies of 8 x 8 patches in YCbCr, worked out through numpy's FFT: stdin {"rgb": [H][W][3] in 0..1}, stdout [16][H/8][W/8]."""
import json
import sys

import numpy as np

rgb = np.array(json.load(sys.stdin)["rgb"], dtype=np.float64)
r, g, b = rgb[..., 0], rgb[..., 1], rgb[..., 2]
y = 0.299 * r + 0.587 * g + 0.114 * b
planes = [y - 0.5, (b - y) * 0.5 / (1 - 0.114), (r - y) * 0.5 / (1 - 0.299)]


def dct_rows(x):  # DCT-II along the last axis by the FFT of the signal and its mirror image, orthonormal
    n = x.shape[-1]
    spectrum = np.fft.fft(np.concatenate([x, x[..., ::-1]], -1), axis=-1)[..., :n]
    k = np.arange(n)
    out = (spectrum * np.exp(-0.5j * np.pi * k / n)).real / 2
    return out * np.where(k == 0, np.sqrt(1 / n), np.sqrt(2 / n))


zigzag = [(0, 0), (0, 1), (1, 0), (2, 0), (1, 1), (0, 2), (0, 3), (1, 2)]
channels = []
for plane, count in zip(planes, (8, 4, 4)):
    h, w = plane.shape
    patches = plane.reshape(h // 8, 8, w // 8, 8).transpose(0, 2, 1, 3)
    spectrum = dct_rows(dct_rows(patches).swapaxes(-1, -2)).swapaxes(-1, -2)
    for v, u in zigzag[:count]:
        channels.append(spectrum[..., v, u] / (4 if v + u == 0 else 1))
print(json.dumps(np.stack(channels).tolist()))
