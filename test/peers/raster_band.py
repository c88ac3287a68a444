"""The first band of a picture as GDAL reads it: raster_band.py FILE."""
import json
import sys
import warnings

import rasterio

warnings.simplefilter("ignore")
with rasterio.open(sys.argv[1]) as picture:
    print(json.dumps(picture.read(1).tolist()))
