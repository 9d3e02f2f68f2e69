"""filterpy's Kalman filter without what its packages import beside it.

`import filterpy.kalman` imports all of filterpy's filters, and they all of scipy.stats: more than a second of processor
time, longer than everything else at the start of a run. The class itself needs NumPy only.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any

WHOLE = "filterpy"
KALMAN, STATS, COMMON = (f"{WHOLE}.{package}" for package in ("kalman", "stats", "common"))


@cache
def kalman_filter() -> Any:
    """The class `filterpy.kalman.KalmanFilter`.

    Its module runs in packages whose own `__init__` does not. They leave `sys.modules` again, so that whoever imports
    filterpy later gets all of it. A release in which this fails is imported as a whole.
    """
    return (None if WHOLE in sys.modules else _alone()) or import_module(KALMAN).KalmanFilter


def _alone() -> Any:
    """The class, or None where its module needs more than it did in releases 1.4.5 and 2.0."""
    try:
        _, _, stats, common = (_not_run(package) for package in (WHOLE, KALMAN, STATS, COMMON))
        stats.__dict__["logpdf"] = _log_density
        common.__dict__.update(vars(import_module(f"{COMMON}.helpers")))
        return import_module(f"{KALMAN}.kalman_filter").KalmanFilter
    except Exception:
        return None
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == WHOLE]:
            del sys.modules[name]


def _not_run(package: str) -> ModuleType:
    """The package in `sys.modules`, with its place, so that modules in it are found, and nothing else."""
    spec = find_spec(package)
    if spec is None:
        raise ImportError(package)
    module = sys.modules[package] = module_from_spec(spec)
    return module


def _log_density(*args: Any, **options: Any) -> Any:
    """What the filter's likelihood calls, which the tracker never asks for."""
    return import_module(STATS).logpdf(*args, **options)
