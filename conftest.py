"""The environment in which everything is tested, kernels of notebooks included."""

import os

# As the build runs them: stored outputs come from the digits that travel with the package, on the
# CPU, whatever else this computer has.
os.environ["DESCENT_DATA"] = "embedded"
os.environ["DESCENT_STYLE"] = "light"
os.environ.setdefault("DESCENT_DEVICE", "cpu")
# Two workers share the cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# nbval compares what notebooks print; this compares what they draw.
pytest_plugins = ["tests.notebooks.pictures"]
