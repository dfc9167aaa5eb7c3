"""Spread jobs over processes or Ray, so that one that dies takes only its own job with it."""

import multiprocessing
import pickle
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from typing import Any

from mien.core.errors import ConfigError
from mien.core.job_results import WorkerDied, attempt, packed
from mien.core.nearest import did_you_mean

__all__ = ["BACK_ENDS", "WorkerDied", "spread"]

BACK_ENDS = ("processes", "ray")
_READY = b"ready"
_STOP_S = 2.0


def spread(
    function: Callable[[Any], Any],
    jobs: Iterable[Any],
    *,
    workers: int = 1,
    on: str = "processes",
    address: str | None = None,
) -> Iterator[tuple[int, Any]]:
    """Run `function` on each job and yield (number of the job, result) as they finish.

    With one worker, jobs run in this process, in order. With more, or on Ray, each worker is a fresh process
    that takes one job at a time; results come unordered. A job that raises, or whose worker dies (killed for
    memory, a crash in a codec), yields the exception in place of a result; the others go on. Ctrl-C and
    closing the iterator stop the workers at once.

    Args:
        function: takes one job; with several workers it must be importable by name (picklable).
        jobs: any picklable things; taken from the iterable only as workers get free.
        workers: number of processes, at least 1.
        on: `processes` of this machine, or `ray`: use that where one machine is not enough. Its machines
            must have what `function` needs installed, and find files under the same paths.
        address: of a Ray cluster; by default RAY_ADDRESS, else a Ray of this machine alone is started, out
            of reach of the network, and stopped at the end.

    Yields:
        (index, result), or (index, exception) for a job that failed.

    Raises:
        ConfigError: fewer than one worker, an unknown back end, or workers cannot start (a script without
            `if __name__ == "__main__":`, a function that cannot be pickled, no cluster at the address).
        MissingExtra: Ray is not installed.

    Example:
        >>> list(spread(abs, [-1, 2], workers=1))
        [(0, 1), (1, 2)]
    """
    if workers < 1:
        raise ConfigError(f"Got {workers} workers, expected at least 1; pass workers=1.")
    if on not in BACK_ENDS or (address is not None and on != "ray"):
        given = f"work on `{on}`" + ("" if address is None else f" at address `{address}`")
        raise ConfigError(
            f"Got {given}, expected {' or '.join(BACK_ENDS)}, an address only with ray; correct it."
            f"{did_you_mean(on, BACK_ENDS)}"
        )
    if on == "ray":
        from mien.core.ray_workers import spread_over_ray

        yield from spread_over_ray(function, enumerate(jobs), workers=workers, address=address)
        return
    if workers == 1:
        for index, job in enumerate(jobs):
            yield index, attempt(function, job)
        return
    yield from _spread_over_processes(function, enumerate(jobs), workers)


class _Worker:
    """One process, the pipe to it, and the number of the job that it is at."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, function), daemon=True)
        try:
            with _interrupt_held_back():
                self.process.start()
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise ConfigError(
                f"Got a function that cannot be sent to another process ({error}), expected one defined at "
                "the top of a module; move it there or pass workers=1."
            ) from error
        finally:
            theirs.close()
        self.index = -1
        self.is_ready = False

    def give(self, index: int, job: Any) -> None:
        """Send a job; where the process is gone, `receive` will say so."""
        self.index = index
        with suppress(BrokenPipeError):
            self.pipe.send(job)

    def receive(self) -> bytes | WorkerDied:
        """Return the message that has come, or a WorkerDied where the process is gone."""
        try:
            return self.pipe.recv_bytes()
        except (EOFError, OSError):
            self.process.join(_STOP_S)
            return WorkerDied(
                f"Got a worker that died (exit code {self.process.exitcode}), perhaps for want of memory; "
                "run again with fewer workers."
            )

    def stop(self, *, at_once: bool) -> None:
        """End the process: `at_once` in the middle of its job, else when it sees the pipe closed."""
        self.pipe.close()
        if at_once:
            self.process.terminate()
        self.process.join(_STOP_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def _spread_over_processes(
    function: Callable[[Any], Any], jobs: Iterator[tuple[int, Any]], workers: int
) -> Iterator[tuple[int, Any]]:
    crew: list[_Worker] = []
    try:
        while True:
            while len(crew) < workers and (job := next(jobs, None)) is not None:
                crew.append(_Worker(function))
                crew[-1].give(*job)
            if not crew:
                return
            pipes = wait([worker.pipe for worker in crew])
            for worker in [one for one in crew if one.pipe in pipes]:
                message = worker.receive()
                if message == _READY:
                    worker.is_ready = True
                    continue
                index = worker.index
                if isinstance(message, WorkerDied):
                    crew.remove(worker)
                    worker.stop(at_once=True)
                    _check_started(worker)
                elif (job := next(jobs, None)) is not None:
                    worker.give(*job)
                else:
                    crew.remove(worker)
                    worker.stop(at_once=False)
                yield index, message if isinstance(message, WorkerDied) else pickle.loads(message)
    finally:
        for worker in crew:
            worker.stop(at_once=True)


def _check_started(worker: _Worker) -> None:
    """Refuse to go on where a process died before its first job: the next would die as well."""
    if not worker.is_ready:
        raise ConfigError(
            f"Got worker processes that cannot start (exit code {worker.process.exitcode}), expected a "
            'script that guards its code with `if __name__ == "__main__":`; add that, or pass workers=1.'
        )


def _serve(pipe: Connection, function: Callable[[Any], Any]) -> None:
    """Run in a worker: take jobs from the pipe until it closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    try:
        pipe.send_bytes(_READY)
        while True:
            job = pipe.recv()
            pipe.send_bytes(packed(attempt(function, job)))
    except (EOFError, OSError):
        return  # the parent is done, or gone


@contextmanager
def _interrupt_held_back() -> Iterator[None]:
    """Hold Ctrl-C back while a process starts, which inherits that and so never sees one."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
