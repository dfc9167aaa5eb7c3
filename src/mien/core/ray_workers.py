"""Spread jobs over Ray: a cluster that is there, or one on this machine for as long as the jobs take."""

import os
import pickle
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from mien.core.errors import ConfigError
from mien.core.job_results import WorkerDied, attempt, packed
from mien.core.optional import require

STORE_BYTES = 2**28
"""Memory that results may take on their way back; more goes to disk."""
LOOPBACK = "127.0.0.1"
LOCAL = (LOOPBACK, "localhost")
ANSWER_S = 10.0


def spread_over_ray(
    function: Callable[[Any], Any], jobs: Iterator[tuple[int, Any]], *, workers: int, address: str | None
) -> Iterator[tuple[int, Any]]:
    """Do what `workers.spread` does, as tasks of Ray of which `workers` run at a time.

    The function and what it needs must be installed on every machine of the cluster.

    Args:
        function: takes one job.
        jobs: numbered.
        workers: tasks at a time, one processor each.
        address: of a cluster; None for RAY_ADDRESS or, without that, a Ray of our own, which ends with the
            iterator. A Ray that this process has joined already is used, and left running.

    Raises:
        ConfigError: no cluster answers there, or its machines cannot load the function.
        MissingExtra: Ray is not installed.
    """
    first = next(jobs, None)
    if first is None:
        return
    with _joined(workers, address or os.environ.get("RAY_ADDRESS")) as ray:
        # the function travels once, and what it remembers stays in its worker
        task = ray.remote(max_retries=0, num_cpus=1)(lambda job: packed(attempt(function, job)))
        running = {task.remote(first[1]): first[0]}
        try:
            while running:
                while len(running) < workers and (job := next(jobs, None)) is not None:
                    running[task.remote(job[1])] = job[0]
                for done in ray.wait(list(running), num_returns=1)[0]:
                    yield running.pop(done), _received(ray, done)
        finally:
            for left in running:
                ray.cancel(left, force=True)


def _received(ray: Any, done: Any) -> Any:
    """Return a task's result, or a WorkerDied in its place."""
    try:
        return pickle.loads(ray.get(done))
    except ray.exceptions.RayTaskError as error:
        # what a job raises comes back as its result, so the job never began
        line = str(error).strip().splitlines()[-1]
        raise ConfigError(
            f"Got Ray workers that cannot load the work ({line}), expected mien and its extras on every "
            "machine of the cluster; install them there."
        ) from error
    except ray.exceptions.RayError as error:
        return WorkerDied(
            f"Got a Ray worker that died ({type(error).__name__}), perhaps for want of memory; run again "
            "with fewer workers."
        )


@contextmanager
def _joined(workers: int, address: str | None) -> Iterator[Any]:
    """Yield Ray, joined to a cluster; leave as it was found."""
    host = None if address is None else _host_and_port(address)[0]
    if address is None or host in LOCAL:
        # read when Ray is imported: without it, Ray listens on every network, and looks for no other Ray here
        # than one that does
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    ray: Any = require("ray", "ray")
    if ray.is_initialized():
        yield ray
        return
    folder = None if address else tempfile.mkdtemp(prefix="mien-")
    try:
        if folder is None:
            _join(ray, str(address))
        else:
            _start(ray, workers, folder)
        yield ray
    finally:
        ray.shutdown()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _start(ray: Any, workers: int, folder: str) -> None:
    """Start a Ray on this machine that nothing outside it can reach, without reports on its use."""
    if ray.util.get_node_ip_address() != LOOPBACK:
        raise ConfigError(
            "Got a Ray that was imported before mien could keep it off the network, expected one joined to a "
            "cluster; call ray.init() first, or set RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER=0 before the import."
        )
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    ray.init(
        address="local",
        num_cpus=workers,
        include_dashboard=False,
        object_store_memory=STORE_BYTES,
        log_to_driver=False,
        logging_level="ERROR",
        _temp_dir=folder,
    )


def _join(ray: Any, address: str) -> None:
    """Join a cluster; Ray itself would try for minutes and then end the program."""
    host, port = _host_and_port(address)
    try:
        if port:
            socket.create_connection((host, port), timeout=ANSWER_S).close()
        ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    except (OSError, RuntimeError, ValueError, SystemExit) as error:
        # the cause says more, such as that the cluster asks for a token
        line = (str(error.__cause__ or error).strip().splitlines() or [type(error).__name__])[-1][:300]
        raise ConfigError(
            f"Got no Ray cluster at `{address}` ({line}), expected one that answers; start it by `ray start "
            "--head`, or leave the address out."
        ) from error


def _host_and_port(address: str) -> tuple[str, int]:
    """Return where an address leads; port 0 where it says none, as `auto`.

    Example:
        >>> _host_and_port("ray://10.0.0.1:10001"), _host_and_port("auto")
        (('10.0.0.1', 10001), ('auto', 0))
    """
    host, _, port = address.rpartition("://")[2].rpartition(":")
    return (host, int(port)) if host and port.isdigit() else (address, 0)
