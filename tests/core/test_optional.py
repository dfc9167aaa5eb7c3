import re
import subprocess
import sys
import tomllib

import pytest

from mien.core.errors import MissingExtra
from mien.core.optional import EXTRAS, available, extra_of, is_installed, require


def test_an_installed_module_is_returned():
    assert require("os.path", "train").join("a", "b") == "a/b"


def test_a_missing_module_says_what_to_install():
    with pytest.raises(MissingExtra, match=r"Got no package `mien_absent`.*pip install 'mien\[train\]'"):
        require("mien_absent.part", "train")


def test_a_fault_inside_an_installed_module_stays_visible(tmp_path, monkeypatch):
    (tmp_path / "half_broken.py").write_text("import something_else_absent\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ModuleNotFoundError, match="something_else_absent") as caught:
        require("half_broken", "train")
    assert not isinstance(caught.value, MissingExtra)


def test_the_extras_are_those_of_pyproject(request):
    path = request.config.rootpath / "pyproject.toml"
    declared = tomllib.loads(path.read_text())["project"]["optional-dependencies"]
    assert set(EXTRAS) == set(declared)
    for name, requirements in declared.items():
        packages = {re.split(r"[<>=!~\[ ]", one)[0].replace("-", "_") for one in requirements}
        assert set(EXTRAS[name].modules) <= packages
        assert EXTRAS[name].enables


def test_looking_for_extras_imports_none_of_their_modules():
    code = (
        "import sys; from mien.core.optional import available; available();"
        "print([m for m in ('torch', 'transformers', 'hypothesis') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert set(available()) == set(EXTRAS)


def test_modules_outside_the_extras_belong_to_none():
    assert extra_of("numpy") is None
    assert not is_installed("mien_absent")
