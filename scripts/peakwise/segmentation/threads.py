"""One thread for everything that adds up floating-point numbers."""

from contextlib import AbstractContextManager
from functools import cache

import sklearn.cluster  # noqa: F401  (loads the libraries whose threads are limited)
from threadpoolctl import ThreadpoolController


@cache
def _controller() -> ThreadpoolController:
    """The loaded OpenMP and BLAS libraries; finding them takes longer than a small K-means fit."""
    return ThreadpoolController()


def one_thread() -> AbstractContextManager[object]:
    """Within this context OpenMP and BLAS use one thread, and sums come out the same on every machine load."""
    return _controller().limit(limits=1)
