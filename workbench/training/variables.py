"""Environment variables of every process that trains."""

from __future__ import annotations

import os

# Units are the parallelism: a numeric library that starts threads of its own only makes them wait for each other.
# And PyCaret writes a log into the current folder at each import, unless it is told where.
TRAINING_ENVIRONMENT = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        # LightGBM asks joblib how many there are, whatever the others say.
        "LOKY_MAX_CPU_COUNT",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "BLIS_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "NUMBA_NUM_THREADS",
    ),
    "1",
) | {
    "PYCARET_CUSTOM_LOGGING_PATH": os.devnull,
    # numba's other threads do not outlive a fork: a worker that met them would die.
    "NUMBA_THREADING_LAYER": "workqueue",
}
