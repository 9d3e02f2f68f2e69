import subprocess
import sys

ALONE = """
import sys
from tracker.light_filterpy import kalman_filter
made = kalman_filter()(dim_x=2, dim_z=1)
assert not any(name.startswith(("filterpy", "scipy")) for name in sys.modules), sorted(sys.modules)
import numpy as np
from filterpy.kalman import KalmanFilter, UnscentedKalmanFilter
whole = KalmanFilter(dim_x=2, dim_z=1)
for each in (made, whole):
    each.F, each.H = np.array([[1.0, 0.5], [0.0, 1.0]]), np.array([[1.0, 0.0]])
    for seen in (1.0, 2.0, 4.0):
        each.predict(Q=np.eye(2) / 4)
        each.update(np.array([[seen]]), R=np.array([[0.5]]))
assert type(made) is not KalmanFilter and type(made).__name__ == "KalmanFilter"
assert np.array_equal(made.x, whole.x) and np.array_equal(made.P, whole.P)
assert made.log_likelihood == whole.log_likelihood
"""
OF_ANOTHER_MAKE = """
import sys
from tracker import light_filterpy
def elsewhere(name): raise ImportError(name)
found_by, light_filterpy.find_spec = light_filterpy.find_spec, elsewhere
found = light_filterpy.kalman_filter()
assert found is sys.modules["filterpy.kalman"].KalmanFilter
light_filterpy.find_spec = found_by  # it is imported by now
light_filterpy.kalman_filter.cache_clear()
assert light_filterpy.kalman_filter() is found
assert "filterpy.kalman" in sys.modules
"""


def run_alone(program):
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_filter_alone_is_filterpys_to_the_bit_and_filterpy_can_be_imported_afterwards():
    run_alone(ALONE)


def test_a_release_in_which_the_module_cannot_run_alone_is_imported_as_a_whole_and_what_is_imported_is_taken():
    run_alone(OF_ANOTHER_MAKE)
