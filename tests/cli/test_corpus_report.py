import shutil

import pytest


@pytest.fixture
def class_folders(data_root, tmp_path):
    """Return folders of two classes, with a copy under another class and one broken file."""
    audio = data_root / "emodb" / "audio"
    for name, label in (("03a01Fa", "joy"), ("08a01Fd", "joy"), ("03a01Wa", "anger"), ("08a01Wa", "anger")):
        (tmp_path / "mine" / label).mkdir(parents=True, exist_ok=True)
        shutil.copy(audio / f"{name}.flac", tmp_path / "mine" / label)
    shutil.copy(audio / "03a01Fa.flac", tmp_path / "mine" / "anger" / "again.flac")
    shutil.copy(tmp_path / "mine" / "joy" / "08a01Fd.flac", tmp_path / "mine" / "joy" / "half.flac")
    with (tmp_path / "mine" / "joy" / "half.flac").open("r+b") as file:
        file.seek(200)
        file.write(b"\0" * 4000)
    return tmp_path / "mine"


def test_own_class_folders_get_a_page(mien, class_folders, tmp_path) -> None:
    done = mien("corpora", "report", class_folders, "--speaker", r"^(\d\d)", "--out", tmp_path / "mine.html")
    assert done.returncode == 0, done.stderr
    assert "copies that disagree" in done.stdout
    page = (tmp_path / "mine.html").read_text(encoding="utf-8")
    assert "Labels to look at first" in page
    assert "fewer than two classes of 8 rows" in page
    assert str(tmp_path) not in page


def test_markdown_is_printed_and_another_corpus_is_held_against(mien, class_folders, data_root) -> None:
    done = mien(
        *("corpora", "report", class_folders, "--no-labels", "--no-audio"),
        *("--against", "sst5", "--against-root", data_root / "sst5"),
    )
    assert done.returncode == 0, done.stderr
    assert "nothing found in `sst5`" in done.stdout


def test_wrong_options_say_what_to_do(mien, class_folders, tmp_path) -> None:
    done = mien("corpora", "report", class_folders, "--out", tmp_path / "report.pdf")
    assert (done.returncode, "ending in .html or .md" in done.stderr) == (2, True)
    done = mien("corpora", "report", class_folders, "--against-root", tmp_path)
    assert (done.returncode, "name the other corpus" in done.stderr) == (2, True)
    done = mien("corpora", "report", "emodbb")
    assert (done.returncode, "emodb" in done.stderr) == (2, True)
