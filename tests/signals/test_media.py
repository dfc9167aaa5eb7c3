import pytest

from mien.signals.media import MEDIA_EXTENSIONS, walk_media


@pytest.fixture
def folder(tmp_path):
    for name in ["b/tönendes Stück.MP3", "a/x.wav", "a/notes.txt", "film.mkv", "a/._x.wav"]:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    return tmp_path


def test_a_folder_gives_its_media_sorted_at_any_depth(folder):
    found = walk_media([folder])
    assert [path.relative_to(folder).as_posix() for path in found.files] == [
        "a/x.wav",
        "b/tönendes Stück.MP3",
        "film.mkv",
    ]
    assert not found.failures
    assert not found.notes


def test_a_named_file_is_kept_whatever_its_extension(folder):
    assert walk_media([folder / "a/notes.txt"]).files == [folder / "a/notes.txt"]


def test_the_same_file_twice_is_taken_once_and_noted(folder):
    (folder / "link.wav").symlink_to(folder / "a/x.wav")
    found = walk_media([folder / "a/x.wav", folder / "b/../a/x.wav", folder / "link.wav"])
    assert found.files == [folder / "a/x.wav"]
    assert len(found.notes) == 2


def test_a_missing_path_is_a_failure_and_the_rest_goes_on(folder):
    found = walk_media([folder / "nowhere.wav", "null\0byte.wav", folder / "film.mkv"])
    assert found.files == [folder / "film.mkv"]
    assert next(reason for _, reason in found.failures).startswith("Got no file at")
    assert len(found.failures) == 2


def test_a_folder_without_media_is_noted(tmp_path):
    assert "no known audio" in walk_media([tmp_path]).notes[0]


def test_the_formats_that_must_work_are_known():
    assert {".wav", ".mp3", ".m4a", ".ogg", ".flac", ".webm", ".mp4", ".mkv"} <= MEDIA_EXTENSIONS
