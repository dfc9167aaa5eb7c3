"""Importing mien is quick because it loads nothing."""

import json
import subprocess
import sys

import pytest

HEAVY = ("numpy", "pandas", "onnxruntime", "torch", "scipy", "matplotlib", "av", "soundfile", "pydantic")


def loaded_after(statement: str, *arguments: str) -> list[str]:
    """Return the heavy modules that a fresh process has loaded after a statement."""
    code = f"import json, sys\n{statement}\nprint(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_import_mien_loads_nothing_heavy():
    assert loaded_after("import mien") == []


def test_listing_the_public_names_loads_nothing_heavy():
    assert loaded_after("import mien; dir(mien); mien.__version__; mien.__all__") == []


@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_help_and_version_load_nothing_heavy(flag):
    statement = (
        f"sys.argv = ['mien', '{flag}']\nfrom mien.cli.main import main\ntry: main()\nexcept SystemExit: pass"
    )
    assert loaded_after(statement) == []


def test_all_public_names_can_be_fetched():
    code = (
        "import mien\nprint(sum(getattr(mien, name) is not None for name in mien.__all__), len(mien.__all__))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    fetched, named = done.stdout.split()
    assert fetched == named


def test_an_unknown_public_name_is_an_attribute_error():
    import mien

    with pytest.raises(AttributeError, match="analyse"):
        mien.analyse  # noqa: B018
