"""Keep small matrix products on one thread."""

from collections.abc import Callable
from functools import cache, wraps
from typing import ParamSpec, TypeVar

from threadpoolctl import ThreadpoolController

Given = ParamSpec("Given")
Found = TypeVar("Found")


def on_one_thread(work: Callable[Given, Found]) -> Callable[Given, Found]:
    """Return a function that multiplies matrices on one thread.

    The matrices of descriptors are small: further threads do not shorten the work, but wait for the next one
    at full speed, and take up to twice the processor time. The sums also come in the same order on every
    computer, so that a stream gives what the whole recording does.
    """

    @wraps(work)
    def alone(*args: Given.args, **kwargs: Given.kwargs) -> Found:
        with _libraries().limit(limits=1, user_api="blas"):
            return work(*args, **kwargs)

    return alone


@cache
def _libraries() -> ThreadpoolController:
    """Return the libraries that are loaded; looking for them takes longer than to tell them."""
    return ThreadpoolController()
