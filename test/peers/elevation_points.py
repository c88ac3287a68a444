"""Reads an elevation raster with rasterio: its CRS, and longitude, latitude and height at the centres of the pixels [[column, row], ...] on stdin."""
import json
import sys

import numpy as np
import pyproj
import rasterio

pixels = json.load(sys.stdin)
with rasterio.open(sys.argv[1]) as raster:
    heights = raster.read(1, masked=True)
    mask = np.ma.getmaskarray(heights)
    crs = pyproj.CRS.from_wkt(raster.crs.to_wkt()) if raster.crs else None
    horizontal = crs.sub_crs_list[0] if crs and crs.is_compound else crs
    points = []
    for column, row in pixels:
        x, y = raster.xy(row, column)
        lon, lat = pyproj.Transformer.from_crs(horizontal, "EPSG:4326", always_xy=True).transform(x, y)
        points.append({"lon": lon, "lat": lat, "height": None if mask[row, column] else float(heights[row, column])})
    print(
        json.dumps(
            {
                "shape": list(heights.shape),
                "epsg": horizontal.to_epsg() if horizontal else None,
                "vertical": crs.sub_crs_list[1].to_epsg() if crs and crs.is_compound else None,
                "points": points,
            }
        )
    )
