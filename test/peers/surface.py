"""scikit-image's marching cubes of a volume: area, Euler number, and how far ours and its vertices lie from one another's (the larger way)."""

import json
import sys

import numpy as np
from scipy.spatial import cKDTree
from skimage.measure import marching_cubes, mesh_surface_area

given = json.load(sys.stdin)
volume = np.array(given["volume"], np.float32).reshape(given["shape"])
vertices, faces, _, _ = marching_cubes(volume, given["level"], spacing=tuple(given["spacing"]))
edges = {tuple(sorted(edge)) for face in faces.tolist() for edge in zip(face, face[1:] + face[:1])}
ours = np.array(given["ours"], np.float32).reshape(-1, 3)
nearest = max(cKDTree(a).query(b)[0].max() for a, b in ((ours, vertices), (vertices, ours)))
print(json.dumps({"area": float(mesh_surface_area(vertices, faces)), "euler": len(vertices) - len(edges) + len(faces), "nearest": float(nearest)}))
