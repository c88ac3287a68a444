"""What rasterio says of every GeoTIFF in a folder, into which it first writes one with an owner: python raster_facts.py FOLDER"""
import glob
import json
import sys

import numpy as np
import rasterio
from rasterio.transform import from_origin
from rasterio.warp import transform_bounds

folder = sys.argv[1]
with rasterio.open(f"{folder}/owned.tif", "w", driver="GTiff", width=64, height=48, count=3, dtype="uint8", crs="EPSG:25832",
                   transform=from_origin(545000, 5227000, 2, 2), tiled=True, blockxsize=16, blockysize=16) as raster:
    raster.write(np.zeros((3, 48, 64), "uint8"))
    raster.update_tags(TIFFTAG_COPYRIGHT="© Amt für Land, dl-de/by-2-0")
    raster.build_overviews([2])
out = []
for file in sorted(glob.glob(f"{folder}/*.tif")):
    with rasterio.open(file) as raster:
        if raster.crs is None:
            continue
        out.append({"file": file, "epsg": raster.crs.to_epsg(), "width": raster.width, "height": raster.height, "bands": raster.count,
                    "bounds": list(transform_bounds(raster.crs, "EPSG:4326", *raster.bounds, densify_pts=21)),
                    "overviews": len(raster.overviews(1)), "copyright": raster.tags().get("TIFFTAG_COPYRIGHT")})
print(json.dumps(out))
