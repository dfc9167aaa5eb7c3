import hashlib
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.core.errors import InputError
from mien.core.files import sha256_of, write_atomically, write_texts


def test_the_file_appears_only_when_the_block_ends(tmp_path):
    target = tmp_path / "result.csv"
    with write_atomically(target) as temporary:
        temporary.write_text("a,b\n")
        assert not target.exists()
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".csv"
    assert target.read_text() == "a,b\n"
    assert os.listdir(tmp_path) == ["result.csv"]


def write_half(target):
    with write_atomically(target) as temporary:
        temporary.write_text("new")
        raise RuntimeError("half way")


def test_a_failure_leaves_the_old_content_and_no_temporary_file(tmp_path):
    target = tmp_path / "result.csv"
    target.write_text("old")
    with pytest.raises(RuntimeError, match="half way"):
        write_half(target)
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["result.csv"]


def test_a_process_killed_while_writing_leaves_the_old_content(tmp_path):
    target = tmp_path / "result.csv"
    target.write_text("old")
    code = (
        "import os, sys; from mien.core.files import write_atomically\n"
        "with write_atomically(sys.argv[1]) as temporary:\n"
        "    temporary.write_text('new'); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(target)], check=False)
    assert target.read_text() == "old"


def test_a_missing_folder_is_refused_with_its_name(tmp_path):
    with (
        pytest.raises(InputError, match=r"create `.*absent` first"),
        write_atomically(tmp_path / "absent" / "x.csv") as temporary,
    ):
        temporary.write_text("never")


def test_a_folder_without_write_permission_is_refused(tmp_path, obeying_permissions):
    tmp_path.chmod(0o500)
    code = (
        "import sys\nfrom pathlib import Path\nfrom mien.core.files import write_atomically\n"
        "with write_atomically(Path(sys.argv[1]) / 'x.csv') as temporary: temporary.write_text('never')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        **obeying_permissions,
    )
    assert "InputError" in done.stderr
    assert "write permission" in done.stderr
    assert list(tmp_path.iterdir()) == []


@given(st.binary(max_size=300_000))
def test_the_hash_is_that_of_the_bytes(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("hash") / "file"
    path.write_bytes(content)
    assert sha256_of(path) == hashlib.sha256(content).hexdigest()


def test_the_hash_of_a_missing_file_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="absent"):
        sha256_of(tmp_path / "absent")


def test_texts_are_written_in_their_order_and_replace_what_was_there(tmp_path):
    (tmp_path / "b.md").write_text("old")
    paths = write_texts(tmp_path, {"b.md": "ü", "a.csv": "1\n"})
    assert paths == [tmp_path / "b.md", tmp_path / "a.csv"]
    assert [path.read_text(encoding="utf-8") for path in paths] == ["ü", "1\n"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "b.md"]


def test_texts_for_a_folder_that_is_not_there_are_refused(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        write_texts(tmp_path / "gone", {"a": "b"})
