"""Prints columns of a binary PLY as numpy reads them from the header's own names."""
import json
import sys

import numpy as np

raw = open(sys.argv[1], "rb").read()
head, _, body = raw.partition(b"end_header\n")
names = [line.split()[2].decode() for line in head.splitlines() if line.startswith(b"property float ")]
table = np.frombuffer(body, dtype=[(name, "<f4") for name in names])
print(json.dumps({"count": len(table), **{name: table[name].tolist() for name in ("x", "f_dc_2", "f_rest_8")}}))
