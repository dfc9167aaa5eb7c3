import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.studies.energy import WATTS_PER_CORE, core_power, energy_wh

OFFLINE = """
import socket, sys
def refuse(*given, **named):
    raise AssertionError("the network was asked")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
from pathlib import Path
from mien.studies.energy import core_power
found = core_power(Path(sys.argv[1]))
sys.stdout.write(f"{found.watts}|{found.said}")
"""


@given(st.floats(0, 1e7), st.floats(0, 100))
def test_energy_is_linear_in_core_seconds(core_s, watts):
    assert energy_wh(2 * core_s, watts) == pytest.approx(2 * energy_wh(core_s, watts))
    assert energy_wh(core_s + 3600, watts) - energy_wh(core_s, watts) == pytest.approx(watts, abs=1e-6)


def test_a_virtual_machine_is_taken_to_draw_the_declared_power(tmp_path):
    facts = tmp_path / "cpuinfo"
    facts.write_text("flags : fpu sse hypervisor avx\n")
    found = core_power(facts)
    assert found.watts == WATTS_PER_CORE
    assert "assumed" in found.said


def test_codecarbon_names_the_power_of_a_machine_of_ones_own_without_the_network(tmp_path):
    pytest.importorskip("codecarbon")
    facts = tmp_path / "cpuinfo"
    facts.write_text("flags : fpu sse avx\n")
    done = subprocess.run([sys.executable, "-c", OFFLINE, facts], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    watts, _, said = done.stdout.partition("|")
    assert 0.5 < float(watts) < 500
    assert "codecarbon" in said
