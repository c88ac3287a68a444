"""Writes an orthophoto of 400 x 400 pixels of 2 m in UTM 32N round a point: grey, with a red letter F that reads right when north is up.

python orthophoto.py FILE LON LAT u8|u16
"""
import sys

import numpy as np
import rasterio
from rasterio.crs import CRS
from rasterio.transform import from_origin
from rasterio.warp import transform

file, lon, lat, kind = sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
[x], [y] = transform("EPSG:4326", "EPSG:32632", [lon], [lat])
picture = np.full((3, 400, 400), 120, float) + np.arange(400)[None, None, :] / 8
letter = np.zeros((400, 400), bool)
letter[125:275, 150:175] = True  # the stem: 150 rows of 2 m, from 150 m north of the centre to 150 m south of it
letter[125:150, 150:250] = True
letter[175:200, 150:200] = True
picture[:, letter] = np.array([200, 30, 30])[:, None]
alpha = np.full((1, 400, 400), 255.0)
alpha[:, :, 370:] = 0
if kind == "u16":
    picture, alpha = picture * 40 + 300, alpha * 257
bands = np.concatenate([picture, alpha]).astype("uint8" if kind == "u8" else "uint16")
with rasterio.open(file, "w", driver="GTiff", width=400, height=400, count=4, dtype=bands.dtype, crs=CRS.from_epsg(32632),
                   transform=from_origin(x - 400, y + 400, 2, 2), photometric="RGB", compress="deflate", tiled=True) as raster:
    raster.write(bands)
print("{}")
