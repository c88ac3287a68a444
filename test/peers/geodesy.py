"""Records what pyproj says of 20 points: python test/peers/geodesy.py > plugins/earth/frame.peers.json

Needs pyproj (made with 3.7.2, PROJ 9.5.1). ECEF by EPSG:4979 -> EPSG:4978; ENU by +proj=topocentric about each point's origin.
"""
import json
import pyproj

POINTS = [  # lat, lon, h
    (90, 0, 0), (-90, 0, 2800), (89.9999, 135, 120), (-89.9999, -45, 2835), (0, 0, 0), (0, 180, -50), (0, -90, 8848), (45, 45, 1000), (-45, -135, 10),
    (43.7384, 7.4246, 61.3), (38.81059, -77.0526, -20.5), (45.519, -122.679, 12.4), (47.36, 9.17, 480), (-33.8568, 151.2153, 25), (64.1466, -21.9426, 65),
    (27.9881, 86.925, 8820), (31.5, 35.5, -410), (-54.8019, -68.303, 15), (1.3521, 103.8198, 20), (71.2906, -156.7886, 35786000),
]
to_ecef = pyproj.Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
rows = []
for i, (lat, lon, h) in enumerate(POINTS):
    x, y, z = to_ecef.transform(lon, lat, h)
    # a second point some hundred metres away, in the ENU frame of the first
    near = (max(-90, min(90, lat + (0.003 if lat < 89 else -0.003))), lon + 0.004, h + 37.5)
    topo = pyproj.Transformer.from_pipeline(
        f"+proj=pipeline +step +proj=cart +ellps=WGS84 +step +proj=topocentric +ellps=WGS84 +lon_0={lon} +lat_0={lat} +h_0={h}")
    e, n, u = topo.transform(near[1], near[0], near[2])
    rows.append({"geodetic": [lat, lon, h], "ecef": [x, y, z], "near": list(near), "enu": [e, n, u]})
print(json.dumps({"pyproj": pyproj.__version__, "proj": pyproj.proj_version_str, "points": rows}, indent=1))
