"""Reports: whole, small, escaped, accessible, whatever they are given."""

import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mien.reports.affect_report import MOST_BYTES, page_names, write_report, write_reports
from mien.reports.html_page import page_part

NASTY = "<script>alert('x')</script> & \"ü\".wav"
VOID = {"meta", "link", "br", "img", "input", "hr"}
LEFT_OPEN = {"td", "th", "tr", "li", "option"}


class Page(HTMLParser):
    """Collect tags of a page, and complain of tags that close what was not open."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open[-1] != tag and self.open[-1] in LEFT_OPEN:
            self.open.pop()
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("script", "style"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))

    def named(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag in names]


def read(path: Path) -> Page:
    return Page(path.read_text(encoding="utf-8"))


def without_sound(path: Path) -> int:
    return len(re.sub(r"data:audio[^\"]*", "", path.read_text(encoding="utf-8")).encode())


def run_tables(
    made, files: list[str], *, segments: int = 12
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    tables = [made.table(file, segments=segments, seed=index) for index, file in enumerate(files)]
    rows = [made.row(file, table) for file, table in zip(files, tables, strict=True)]
    return pd.concat(tables), pd.DataFrame(rows), pd.DataFrame(columns=["file", "reason"])


@pytest.fixture
def single(made, tmp_path: Path) -> Path:
    table = made.table("talk.wav")
    row = made.row("talk.wav", table, note="The end is cut off.")
    return write_report(tmp_path / "a.html", table, row, model=made.model(), run=made.RUN, media=None)


def test_a_page_says_what_a_psychologist_needs(single: Path) -> None:
    text = read(single).text
    for wanted in (
        "12 segments",
        "most often expresses",
        "not what anyone felt",
        "aleatoric",
        "epistemic",
        "derived",
        "abstains",
        "The end is cut off.",
        "CC BY-NC-SA 4.0",
        "71.2 %",
        "66.0 % to 76.0 %",
        "454",
        "joint 5-fold, speakers kept apart",
        "Article 5(1)(f)",
        "consent",
        "No diagnosis",
        "options.segments",
    ):
        assert wanted in text, wanted


def test_a_page_is_marked_up_for_every_reader(single: Path) -> None:
    page = read(single)
    assert {"header", "nav", "main", "footer", "figure", "figcaption"} <= {tag for tag, _ in page.tags}
    assert page.named("html")[0]["lang"] == "en"
    identities = [a["id"] for _, a in page.tags if "id" in a]
    assert len(identities) == len(set(identities))
    for _, attributes in page.tags:
        for reference in (attributes.get("aria-labelledby") or "").split():
            assert reference in identities
        if (attributes.get("href") or "").startswith("#"):
            assert str(attributes["href"])[1:] in identities
    sliders = [a for a in page.named("div") if a.get("role") == "slider"]
    assert sliders[0]["tabindex"] == "0"
    assert {"aria-valuemin", "aria-valuemax", "aria-valuenow", "aria-valuetext"} <= set(sliders[0])
    assert {"title", "desc"} <= {tag for tag, _ in page.tags}


def test_headings_never_skip_a_level(made, single: Path, tmp_path: Path) -> None:
    tables = run_tables(made, ["a.wav", "b.wav"])
    index = write_reports(tmp_path, *tables, model=made.model(), run=made.RUN, media={})
    for path in (single, index):
        levels = [int(tag[1]) for tag, _ in read(path).tags if re.fullmatch(r"h[1-6]", tag)]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))


def test_nothing_is_loaded_from_elsewhere(single: Path) -> None:
    text = single.read_text(encoding="utf-8")
    assert "http://" not in text
    assert "https://" not in text
    assert not read(single).named("link", "iframe", "object", "img")
    assert "default-src 'none'" in text


@pytest.mark.parametrize("segments", [1, 300, 20_000])
def test_a_page_stays_small_for_any_number_of_segments(made, tmp_path: Path, segments: int) -> None:
    table = made.table(segments=segments)
    row = made.row("talk.wav", table)
    path = write_report(tmp_path / "a.html", table, row, model=made.model(), run=made.RUN, media=None)
    assert without_sound(path) <= MOST_BYTES
    if segments > 1000:
        assert "of 20,000 segments. All of them" in read(path).text
        assert "Each step averages" in read(path).text


def test_twenty_long_recordings_stay_small_on_one_page(made, tmp_path: Path) -> None:
    files = [f"long recording number {index} {'x' * 150}.wav" for index in range(20)]
    tables = run_tables(made, files, segments=800)
    path = write_reports(tmp_path, *tables, model=made.model(), run=made.RUN, media={})
    assert without_sound(path) <= MOST_BYTES
    assert len([a for a in read(path).named("section") if "data-duration" in a]) == 20
    assert not (tmp_path / "reports").exists()


def test_more_than_twenty_recordings_get_pages_of_their_own(made, tmp_path: Path) -> None:
    files = [f"folder {index}/talk.wav" for index in range(22)]
    path = write_reports(tmp_path, *run_tables(made, files), model=made.model(), run=made.RUN, media={})
    links = [a["href"] for a in read(path).named("a") if str(a["href"]).startswith("reports/")]
    assert len(set(links)) == 22
    for link in links:
        detail = read(tmp_path / str(link))
        assert any(a.get("href") == "../report.html" for a in detail.named("a"))
        assert "Article 5(1)(f)" in detail.text


def test_an_index_of_thousands_stays_small_and_says_what_it_leaves_out(made, tmp_path: Path) -> None:
    failures, empty = pd.DataFrame(columns=["file", "reason"]), made.table(segments=0)
    rows = pd.DataFrame([made.row(f"file {index}.wav", empty) for index in range(5000)])
    path = write_reports(tmp_path, empty, rows, failures, model=made.model(), run=made.RUN, media={})
    assert without_sound(path) <= MOST_BYTES
    assert "of 5,000 files" in read(path).text


def test_names_and_notes_cannot_become_markup(made, tmp_path: Path) -> None:
    table = made.table(NASTY)
    table["speaker"] = [f"<b>{i % 2}" for i in range(len(table))]
    table = table.rename(columns={"p.anger": "p.<i>anger</i>"})
    model = made.model(summary=NASTY, limits=[NASTY], licence=NASTY, name=NASTY, card=NASTY)
    run = {"options": {NASTY: NASTY}, "created": NASTY}
    row = made.row(NASTY, table, note=NASTY)
    page = read(write_report(tmp_path / "a.html", table, row, model=model, run=run, media=None))
    assert len(page.named("script")) == 2
    assert not page.named("b") or "alert" not in str(page.named("b"))
    assert "alert('x')" in page.text
    files, failures = pd.DataFrame([row]), pd.DataFrame([{"file": "<b>x", "reason": NASTY}])
    page = read(write_reports(tmp_path, table, files, failures, model=model, run=run, media={}))
    assert len(page.named("script")) == 2


def test_silent_and_failed_files_are_listed_with_their_reason(made, tmp_path: Path) -> None:
    table, files, _ = run_tables(made, ["good.wav"])
    silent = made.row("hush.wav", made.table(segments=0), note="No speech found; it is 3 s of noise.")
    files = pd.concat([files, pd.DataFrame([silent])])
    failures = pd.DataFrame([{"file": "text.wav", "reason": "Got text in `text.wav`, expected audio."}])
    page = read(write_reports(tmp_path, table, files, failures, model=made.model(), run=made.RUN, media={}))
    assert "it is 3 s of noise" in page.text
    assert "Got text in `text.wav`" in page.text
    assert "1 recording with speech, 1 without speech and 1 that could not be analyzed" in page.text


@pytest.mark.parametrize("status", ["no-speech", "failed"])
def test_one_file_with_nothing_to_show_still_gets_a_page(made, tmp_path: Path, status: str) -> None:
    table = made.table(segments=0)
    row = made.row("hush.wav", table, status=status, note=pd.NA, duration_s=pd.NA)
    path = write_report(tmp_path / "a.html", table, row, model=made.model(), run={}, media=None)
    assert ("No speech was found" if status == "no-speech" else "could not be analyzed") in read(path).text


def test_models_with_only_dimensions_are_shown(made, tmp_path: Path) -> None:
    table = made.table(categories=())
    table["epistemic.intensity"], table["aleatoric.intensity"] = 0.1, 0.05
    row = made.row("talk.wav", table)
    model = made.model(categories=[], abstain_above=None, scores={})
    path = write_report(tmp_path / "a.html", table, row, model=model, run={}, media=None)
    assert 'class="spread"' in path.read_text(encoding="utf-8")
    assert "No scores are known for this model." in read(path).text


def test_models_with_many_categories_show_the_strongest_and_the_others(made, tmp_path: Path) -> None:
    names = tuple(f"category {index}" for index in range(28))
    table = made.table(categories=names)
    row = made.row("talk.wav", table)
    path = write_report(tmp_path / "a.html", table, row, model=made.model(), run={}, media=None)
    assert "others" in read(path).text
    assert path.read_text(encoding="utf-8").count('class="lane') <= 12


def test_derived_dimensions_are_dotted_and_the_models_own_are_not(single: Path) -> None:
    classes = [str(a.get("class")) for a in read(single).named("path")]
    assert classes.count("line derived") == 1
    assert classes.count("line") == 1
    assert ".line.derived{stroke-dasharray" in page_part("report.css")


def test_abstained_stretches_are_hatched(made, tmp_path: Path) -> None:
    table = made.table()
    table["abstain"] = np.arange(len(table)) == 3
    path = write_report(
        tmp_path / "a.html", table, made.row("talk.wav", table), model=made.model(), run={}, media=None
    )
    page = read(path)
    hatches = [a for a in page.named("i") if a.get("class") == "hatch" and "left" in str(a.get("style"))]
    assert len(hatches) == 1
    assert "hatched: the model abstains" in page.text


def test_a_real_recording_is_embedded_and_one_without_file_is_not(
    made, recording: Path, tmp_path: Path
) -> None:
    table = made.table(recording.name, segments=2, seconds_each=1.0)
    row = made.row(recording.name, table, duration_s=3.7)
    path = write_report(tmp_path / "a.html", table, row, model=made.model(), run=made.RUN, media=recording)
    assert str(read(path).named("audio")[0]["src"]).startswith("data:audio/mpeg;base64,")
    assert without_sound(path) <= MOST_BYTES


def test_file_names_become_page_names_without_clash() -> None:
    names = ["a.wav", "A.mp3", "ü ü.wav", "...", ".wav", "con/../x.wav", "x" * 300 + ".wav"]
    chosen = page_names(names)
    assert len({name.casefold() for name in chosen}) == len(names)
    assert all(re.fullmatch(r"[\w-]{1,66}", name) for name in chosen)
