"""A .npy file as NumPy reads it: npy.py FILE."""
import json
import sys

import numpy as np

array = np.load(sys.argv[1], allow_pickle=False)
print(json.dumps({"dtype": str(array.dtype), "values": array.tolist()}))
