"""What a job gives back to the process that handed it out: a result, or the error in its place."""

import pickle
from collections.abc import Callable
from typing import Any

from mien.core.errors import MienError


class WorkerDied(MienError):
    """A worker process ended in the middle of a job."""


def attempt(function: Callable[[Any], Any], job: Any) -> Any:
    """Return what the function makes of a job, or the exception that it raises."""
    try:
        return function(job)
    # whatever a job raises is its result: one bad file never ends a batch
    except Exception as error:  # noqa: BLE001
        return error


def packed(result: Any) -> bytes:
    """Pickle a result; one that cannot travel becomes an error that says what it was."""
    try:
        data = pickle.dumps(result)
        if isinstance(result, Exception):
            pickle.loads(data)  # exceptions with arguments of their own often pickle but do not come back
        return data
    # pickling runs code of any class, which may raise anything
    except Exception as error:  # noqa: BLE001
        return pickle.dumps(
            MienError(f"Got a {type(result).__name__} that cannot travel: {result} ({error}).")
        )
