"""Real Ray: started here for one run of many jobs, out of reach of the network, and gone afterwards."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from mien.core.errors import ConfigError
from mien.core.workers import spread

pytest.importorskip("ray", reason="needs the extra `ray`")

SCRIPT = """
import json, math, operator, os, signal, time
from functools import partial
import psutil
from mien.core.workers import spread

def family():
    return [psutil.Process(), *psutil.Process().children(recursive=True)]

def main():
    jobs = [partial(abs, -1), partial(math.sqrt, -1), partial(os._exit, 7), partial(open, os.devnull)]
    jobs += [partial(abs, -number) for number in range(10)]
    taken, seen = [], {}
    def handed_out():
        for number, job in enumerate(jobs):
            taken.append(number)
            yield job
    for number, result in spread(operator.call, handed_out(), workers=2, on="ray"):
        if not seen:
            sockets = [one for process in family() for one in process.net_connections()]
            heard = sorted({one.laddr.ip for one in sockets if one.status == "LISTEN"})
            at_first = len(taken)
        seen[number] = [type(result).__name__, str(result)]
    left = [one.name() for one in family()[1:]]
    import ray
    told = {"seen": seen, "heard": heard, "taken": at_first, "left": left, "joined": ray.is_initialized()}
    print(json.dumps(told), flush=True)
    jobs = [partial(abs, -1), partial(time.sleep, 99)]
    for number, result in spread(operator.call, jobs, workers=2, on="ray"):
        print(number, flush=True)

if __name__ == "__main__":
    main()
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Run the script: many jobs, then a long one that is interrupted; what it said, and what it left."""
    folder = tmp_path_factory.mktemp("ray")
    (folder / "script.py").write_text(SCRIPT)
    before = set(Path(tempfile.gettempdir()).glob("mien-*"))
    process = subprocess.Popen(
        [sys.executable, folder / "script.py"],
        env={name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        # Ray tells of dead workers on stdout
        line = next((line for line in process.stdout if line.startswith("{")), None)
        assert line, process.stderr.read()
        said = json.loads(line)
        assert process.stdout.readline() == "0\n"
        children = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    _, alive = psutil.wait_procs(children, timeout=20)
    folders = set(Path(tempfile.gettempdir()).glob("mien-*")) - before
    return said | {"errors": errors, "alive": [one.name() for one in alive], "folders": folders}


def test_results_and_errors_carry_the_number_of_their_job(told):
    seen = {int(number): tuple(result) for number, result in told["seen"].items()}
    assert seen[0] == ("int", "1")
    assert seen[1][0] == "ValueError"
    assert "cannot travel" in seen[3][1]
    assert [seen[4 + number] for number in range(10)] == [("int", str(number)) for number in range(10)]


def test_a_worker_that_dies_takes_only_its_own_job_with_it(told):
    name, text = told["seen"]["2"]
    assert name == "WorkerDied"
    assert "fewer workers" in text


def test_jobs_are_taken_only_as_workers_get_free(told):
    assert told["taken"] <= 3


def test_nothing_outside_this_machine_can_reach_it(told):
    assert told["heard"]
    assert {address.removeprefix("::ffff:") for address in told["heard"]} == {"127.0.0.1"}


def test_nothing_is_left_of_a_ray_that_was_started_here(told):
    assert told["left"] == []
    assert not told["joined"]


def test_an_interrupt_ends_ray_as_well(told):
    assert told["errors"].count("KeyboardInterrupt") == 1
    assert told["alive"] == []
    assert told["folders"] == set()


def test_no_jobs_start_no_ray():
    assert list(spread(abs, [], workers=2, on="ray")) == []


def test_a_cluster_that_does_not_answer_is_told_at_once():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(ConfigError, match=f"no Ray cluster at `{address}`"):
            list(spread(abs, [1], on="ray", address=address))


def test_an_address_without_ray_is_refused():
    with pytest.raises(ConfigError, match="an address only with ray"):
        list(spread(abs, [1], address="127.0.0.1:6379"))


def test_an_unknown_back_end_names_the_nearest():
    with pytest.raises(ConfigError, match="Did you mean `processes`"):
        list(spread(abs, [1], on="process"))
