"""What rasterio reads from a GeoTIFF: python raster.py FILE"""
import json
import sys

import rasterio

with rasterio.open(sys.argv[1]) as raster:
    wkt = raster.crs.to_wkt()
    vertical = wkt.split('VERT_CS["')[1].split('"')[0] if "VERT_CS" in wkt else None
    horizontal = wkt.split(",VERT_CS")[0]
    epsg = int(horizontal.rstrip("]").split('"EPSG","')[-1].rstrip('"'))
    print(json.dumps({"epsg": epsg, "vertical": vertical, "bounds": list(raster.bounds), "nodata": raster.nodata,
                      "area": raster.tags().get("AREA_OR_POINT"), "values": raster.read(1).ravel().tolist()}))
