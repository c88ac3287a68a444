"""scipy's connected components of a mesh's faces, by shared vertices: a number for every face."""

import json
import sys

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

given = json.load(sys.stdin)
faces = np.array(given["faces"], np.int32).reshape(-1, 3)
a, b = np.concatenate([faces[:, :2], faces[:, 1:]]).T
graph = coo_matrix((np.ones(len(a), bool), (a, b)), shape=(given["vertices"],) * 2)
print(json.dumps(connected_components(graph, directed=False)[1][faces[:, 0]].tolist()))
