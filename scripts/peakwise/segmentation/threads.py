"""One thread for everything that adds up floating-point numbers; tasks that do not know of each other share the cores."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import cache
from typing import TypeVar

import sklearn.cluster  # noqa: F401  (loads the libraries whose threads are limited)
from threadpoolctl import ThreadpoolController

Task = TypeVar("Task")
Result = TypeVar("Result")


@cache
def _controller() -> ThreadpoolController:
    """The loaded OpenMP and BLAS libraries; finding them takes longer than a small K-means fit."""
    return ThreadpoolController()


def one_thread() -> AbstractContextManager[object]:
    """Within this context OpenMP and BLAS use one thread, and sums come out the same on every machine load."""
    return _controller().limit(limits=1)


def side_by_side(work: Callable[[Task], Result], tasks: Iterable[Task]) -> list[Result]:
    """Do the same work on every task, as many at a time as there are cores; each task adds up in one thread.

    Args:
        work: What to do; it must not wait for other tasks.
        tasks: The longest first, so that no core is left waiting for one at the end.

    Returns:
        The results in the order of the tasks.
    """
    with one_thread(), ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(work, tasks))
