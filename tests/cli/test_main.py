import subprocess
import sys

import pytest

HEAVY = ("numpy", "pandas", "onnxruntime", "matplotlib", "torch", "av", "pyarrow", "scipy", "pydantic")


@pytest.mark.parametrize(
    "statement",
    [
        "import mien",
        "import mien.cli.main",
        "from mien.cli.main import main; main(['--help'])",
        "import mien; dir(mien)",
    ],
)
def test_nothing_heavy_is_loaded_before_it_is_needed(statement: str) -> None:
    code = f"""
import sys
try:
    {statement}
except SystemExit:
    pass
print("\\n".join(name for name in {HEAVY!r} if name in sys.modules), file=sys.stderr)
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stderr.split() == []


def test_help_groups_verbs_by_use_and_make(mien) -> None:
    text = mien("--help").stdout
    use, make = text.index("USE:"), text.index("MAKE:")
    assert use < text.index("analyze") < text.index("doctor") < make < text.index("train")


def test_without_words_help_is_shown(mien) -> None:
    done = mien()
    assert done.returncode == 0
    assert "USE:" in done.stdout


def test_version_is_one_line(mien) -> None:
    done = mien("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("mien ")
    assert done.stdout.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["anlyze"], "Did you mean `analyze`"),
        (["analyze", "x.wav", "--segmnts", "vad"], "Did you mean `--segments`"),
        (["analyze", "x.wav", "--segments", "vda"], "Did you mean `vad`"),
        (["analyze", "x.wav", "--workers", "many"], "--workers"),
        (["analyze"], "Missing argument"),
        (["analyze", "x.wav", "--out"], "--out"),
        (["models", "voice-smal"], "Got model `voice-smal`"),
        (["analyze", "x.wav", "--model", "voice-smal"], "Got model `voice-smal`"),
        (["analyze", "x.wav", "--window", "2"], "use --segments windows"),
        (["analyze", "x.wav", "--segments", "windows", "--hop", "0"], "change --hop"),
    ],
)
def test_a_usage_error_is_one_line_and_exit_code_2(mien, words: list[str], message: str) -> None:
    done = mien(*words)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_train_without_its_extra_says_what_to_install() -> None:
    code = """
import sys
sys.modules["torch"] = None
from mien.cli.main import main
main(["train", "voice-small", "--data", "."])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install 'mien[train]'" in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_command_line_works_where_torch_cannot_be_imported(tiny_model, write_noise, tmp_path) -> None:
    path = write_noise(tmp_path / "a.wav")
    words = [
        "analyze",
        str(path),
        "--model",
        str(tiny_model),
        "--segments",
        "whole",
        "--out",
        str(tmp_path / "o"),
    ]
    code = f"""
import sys
sys.modules["torch"] = None
from mien.cli.main import main
main({words!r})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
