"""Writes elevation rasters of several kinds with rasterio and says what bilinear interpolation gives at points in them.

python rasters.py FOLDER -> [{file, points: [[lon, lat, height or null]], vertical}]
The heights are an asymmetric polynomial of row and column, so that a mirrored or shifted reading shows.
"""
import json
import sys

import numpy as np
import rasterio
from affine import Affine
from rasterio.crs import CRS
from rasterio.transform import from_origin
from rasterio.warp import transform

folder = sys.argv[1]
rows, cols = np.mgrid[0:90, 0:120].astype(float)
field = 200 + 1.5 * cols + 0.7 * rows + 0.01 * cols * rows + 8 * np.sin(cols / 9) * np.cos(rows / 7)

KINDS = [
    # name, dtype, crs, origin and pixel size, options, feet
    ("utm-area.tif", "float32", 32632, (545000, 5227000, 5.0, 5.0), dict(compress="deflate", predictor=3, tiled=True, blockxsize=32, blockysize=32)),
    ("utm-point.tif", "float32", 32632, (545000, 5227000, 5.0, 5.0), dict(compress="lzw", point=True)),
    ("geographic.tif", "int16", 4326, (9.5, 47.3, 1 / 3600, 1 / 3600), dict(nodata=-32768)),
    ("nad83-feet.tif", "float64", 2229, (6480000, 1850000, 30.0, 30.0), dict(compress="deflate")),
    ("polar.tif", "float32", 3413, (-200000, -2300000, 25.0, 25.0), dict()),
    ("swiss.tif", "uint16", 2056, (2678000, 1248000, 10.0, 10.0), dict(nodata=0)),
    ("british.tif", "float32", 27700, (530000, 180000, 25.0, 25.0), dict()),
    ("dutch.tif", "float32", 28992, (120000, 487000, 25.0, 25.0), dict()),
    ("german.tif", "float32", 31467, (3512000, 5402000, 25.0, 25.0), dict()),
    ("rotated.tif", "float32", 32632, (545000, 5227000, 5.0, 5.0), dict(turn=17.0)),
    ("mercator.tif", "float32", 3857, (-13658000, 5705000, 20.0, 20.0), dict(nodata=-9999)),
]
out = []
for name, dtype, epsg, (west, north, dx, dy), options in KINDS:
    point = options.pop("point", False)
    values = field.astype(dtype)
    if "nodata" in options:
        values[40:44, 60:70] = options["nodata"]
    place = from_origin(west, north, dx, dy) * Affine.rotation(options.pop("turn", 0.0))
    path = f"{folder}/{name}"
    with rasterio.open(path, "w", driver="GTiff", width=120, height=90, count=1, dtype=dtype, crs=CRS.from_epsg(epsg), transform=place, **options) as raster:
        if point:
            raster.update_tags(AREA_OR_POINT="Point")
        raster.write(values, 1)
    with rasterio.open(path) as raster:  # GDAL gives the outer corner's transform for both kinds
        band = raster.read(1).astype(float)
        holes = raster.read_masks(1) == 0
        band[holes] = np.nan
        points = []  # column and row of pixel corners
        for r, c in [(0.5, 0.5), (10.2, 80.9), (44.4, 3.25), (70.75, 111.1), (89.4, 119.4), (42, 65), (33.3, 66.6)]:
            x, y = raster.transform.c + raster.transform.a * c + raster.transform.b * r, raster.transform.f + raster.transform.d * c + raster.transform.e * r
            lon, lat = transform(raster.crs, "EPSG:4326", [x], [y])
            u, v = min(max(c - 0.5, 0), 119 - 1e-9), min(max(r - 0.5, 0), 89 - 1e-9)
            i, j = int(u), int(v)
            fu, fv = u - i, v - j
            z = (band[j, i] * (1 - fu) + band[j, i + 1] * fu) * (1 - fv) + (band[j + 1, i] * (1 - fu) + band[j + 1, i + 1] * fu) * fv
            points.append([lon[0], lat[0], None if np.isnan(z) else z])
        out.append({"file": path, "points": points})
print(json.dumps(out))
