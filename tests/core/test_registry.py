import subprocess
import sys

import pytest

from mien.core import registry
from mien.core.errors import ConfigError


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_names_are_lower_case_with_hyphens_and_sorted():
    found = registry.names("corpora")
    assert found == sorted(found)
    assert {"emodb", "nemo", "ravdess-speech", "urdu"} <= set(found)
    assert not {"clips", "partition", "card"} & set(found)


def test_hyphens_and_underscores_find_the_same_module():
    assert registry.find("corpora", "ravdess-speech") is registry.find("corpora", "ravdess_speech")


def test_finding_one_component_imports_no_other():
    code = (
        "import sys; from mien.core import registry; registry.find('corpora', 'emodb');"
        "print([m for m in ('nemo', 'urdu', 'ravdess_speech') if f'mien.corpora.{m}' in sys.modules])"
    )
    assert run(code) == "[]"


def test_listing_names_imports_none():
    code = (
        "import sys; from mien.core import registry; [registry.names(room) for room in registry.ROOMS];"
        "rooms = ('mien.corpora', 'mien.nets', 'mien.systems', 'torch');"
        "print([m for m in sys.modules if m.startswith(rooms)])"
    )
    assert run(code) == "[]"


def test_an_unknown_name_gives_the_nearest():
    with pytest.raises(ConfigError, match=r"Got corpora `emobd`.*Did you mean `emodb`"):
        registry.find("corpora", "emobd")


def test_an_unknown_room_gives_the_nearest():
    with pytest.raises(ConfigError, match=r"Did you mean `corpora`"):
        registry.names("corpra")


@pytest.fixture
def room_with_a_broken_file(tmp_path, monkeypatch):
    """Return a room with a healthy component, one that is not Python, and a file that is no component."""
    package = tmp_path / "toy_room"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "healthy.py").write_text("CARD = {}\n\n\ndef load(root):\n    return root\n")
    (package / "half_saved.py").write_text("CARD = {\n")
    (package / "notes.py").write_text("CARD = {}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(registry, "_SOURCE", tmp_path)
    monkeypatch.setitem(registry.ROOMS, "toys", registry.Room("toy_room", ("load", "CARD")))
    yield "toys"
    sys.modules.pop("toy_room.healthy", None)
    sys.modules.pop("toy_room", None)


def test_a_broken_file_stops_only_those_who_ask_for_it(room_with_a_broken_file):
    assert registry.find(room_with_a_broken_file, "healthy").load("here") == "here"
    with pytest.raises(ConfigError, match=r"Got `half_saved.py` in `toy_room`, which is not Python.*line 1"):
        registry.find(room_with_a_broken_file, "half-saved")
    assert registry.names(room_with_a_broken_file) == ["half-saved", "healthy"]
    with pytest.raises(ConfigError, match=r"Got toys `notes`, expected one of half-saved, healthy"):
        registry.find(room_with_a_broken_file, "notes")


def test_a_back_end_without_its_extra_says_what_to_install():
    code = (
        "import sys\n"
        "class Blocker:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in ('torch', 'transformers'):\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Blocker())\n"
        "from mien.core import registry\n"
        "from mien.core.errors import MissingExtra\n"
        "try:\n"
        "    registry.find('backends', 'hf').load('nowhere')\n"
        "except MissingExtra as error:\n"
        "    print(error)\n"
    )
    assert "pip install 'mien[train]'" in run(code)


def test_another_package_joins_through_an_entry_point(tmp_path, monkeypatch):
    (tmp_path / "somebodys_corpus.py").write_text("CARD = {}\ndef load(root):\n    return root\n")
    info = tmp_path / "somebodys_corpus-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: somebodys-corpus\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[mien.corpora]\nsomebodys = somebodys_corpus\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "somebodys" in registry.names("corpora")
    assert registry.find("corpora", "somebodys").load("here") == "here"
