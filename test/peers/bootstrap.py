"""A stratified percentile bootstrap of the mean over all values, by scipy."""
import json
import sys

import numpy as np
from scipy.stats import bootstrap

given = json.load(sys.stdin)
strata = [np.array(values) for values in given["strata"]]
count = sum(len(values) for values in strata)
found = bootstrap(
    strata,
    lambda *parts, axis: sum(part.sum(axis=axis) for part in parts) / count,
    n_resamples=given["resamples"],
    method="percentile",
    vectorized=True,
    rng=np.random.default_rng(3),
)
low, high = found.confidence_interval
print(json.dumps({"low": low, "high": high, "standard_error": found.standard_error}))
