"""An omnichannel helpdesk: every message lands in one shared ticket."""
import os

# One process serves everybody on one core: more threads of NumPy's BLAS would only wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__version__ = "0.1.0"
