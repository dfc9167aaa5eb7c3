"""A corpus report: verdict first, escaped, self-contained, the same findings as Markdown."""

from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
import soundfile

from mien.corpora.corpus_check import class_table
from mien.corpora.corpus_study import CorpusStudy, DoubtfulLabels
from mien.corpora.findings import CorpusCheck, Finding
from mien.reports.corpus_figures import balance_figure, people_figure, recording_figures, shortcut_figure
from mien.reports.corpus_report import corpus_report_html, corpus_report_markdown, verdict


class Reader(HTMLParser):
    """Collect what a page links, plays and says."""

    def __init__(self, page):
        super().__init__()
        self.ids, self.links, self.sources, self.headings, self.text = set(), [], [], [], ""
        self._tag = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self._tag = tag
        self.ids.add(given.get("id"))
        self.links += [given["href"]] if "href" in given else []
        self.sources += [given["src"]] if "src" in given else []

    def handle_data(self, data):
        self.text += data
        if self._tag == "h2":
            self.headings.append(data)
        self._tag = ""


@pytest.fixture
def study(tmp_path):
    soundfile.write(tmp_path / "a&b.wav", 0.1 * np.sin(np.arange(16000) / 9), 16000)
    table = pd.DataFrame(
        {
            "segment": ["toy/<a>", "toy/b", "toy/c"],
            "emotion": ["joy", "joy", "anger"],
            "speaker": ["x", "y", "y"],
            "sex": ["female", "male", "male"],
            "start": 0.0,
            "end": 30.0,
        }
    )
    doubtful = pd.DataFrame(
        {
            "segment": ["toy/<a>", "toy/b"],
            "file": [str(tmp_path / "a&b.wav"), str(tmp_path / "gone.wav")],
            "start": 0.0,
            "end": [0.5, np.nan],
            "given": ["joy", "joy"],
            "suggested": "anger",
            "p_given": [0.1, 0.2],
            "p_suggested": [0.8, 0.7],
        }
    )
    findings = (
        Finding("counts", "segments", "ok", "3 segments", {"segments": 3}),
        Finding("copies", "near copies that disagree", "problem", "a_1 ~ b|2 <differ>", {}),
        Finding("trap", "its card warns", "note", "Mind the *gap*.", {}),
        Finding("copies", "copies", "ok", "none", {}),
        Finding("shortcuts", "`level` tells the class", "warning", "it does", {}),
    )
    shortcuts = pd.DataFrame(
        [("level", 0.6, 0.3, 0.4, 0.005, False, ""), ("offset", None, None, None, None, True, "one <class>")],
        columns=["measure", "uar", "by_chance", "high_by_chance", "p", "room", "note"],
    )
    spread = pd.DataFrame(
        [("level_db", "joy", 2, -20.0, -18.0, -15.0), ("level_db", "anger", 1, -9.0, -8.0, -7.0)],
        columns=["measure", "class", "clips", "first", "median", "third"],
    )
    people = pd.crosstab(table["speaker"], table["emotion"])
    return CorpusStudy(
        check=CorpusCheck("toy", "Toy <corpus>", findings, class_table(table)),
        people=people,
        spread=spread,
        shortcuts=shortcuts,
        doubtful=DoubtfulLabels(doubtful, 3, 2, "a model", 0.5, 0.4, 0.05, 20),
        licence="CC BY <4>",
        failures={"/home/me/bad.wav": "no <sound> in `/home/me/bad.wav`"},
        command="mien corpora report toy",
    )


def test_the_verdict_names_problems_then_warnings(study):
    assert verdict(study) == (
        "1 problem to deal with before scoring: near copies that disagree. "
        "1 warning to state beside every score: `level` tells the class."
    )
    sound = CorpusStudy(**(vars(study) | {"check": CorpusCheck("t", "T", (), study.check.classes)}))
    assert verdict(sound).startswith("Nothing was found")


def test_the_page_is_whole_and_its_links_lead_somewhere(study):
    page = Reader(corpus_report_html(study))
    assert {link[1:] for link in page.links if link.startswith("#")} <= page.ids
    assert not [link for link in page.links if not link.startswith("#")]
    assert page.headings[0] == "Deal with these first"
    for words in ("a_1 ~ b|2 <differ>", "toy/<a>", "CC BY <4>", "no <sound>", "Mind the *gap*."):
        assert words in page.text
    assert "wrong" in page.text
    assert "/home/me" not in page.text
    assert page.text.index("problem to deal with") < page.text.index("a_1 ~ b|2")


def test_doubtful_clips_are_played_from_the_page_and_those_that_are_gone_say_so(study):
    page = Reader(corpus_report_html(study))
    assert [source[:22] for source in page.sources] == ["data:audio/mpeg;base64"]
    assert "no sound" in page.text
    assert Reader(corpus_report_html(study, clips=0)).sources == []


def test_markdown_says_the_same(study):
    text = corpus_report_markdown(study)
    assert text.startswith("# Toy &lt;corpus>\n\n1 problem to deal with")
    assert "- **problem**, near copies that disagree: a_1 \\~ b\\|2 &lt;differ>." in text
    assert "| 1 | toy/&lt;a> | joy | anger | 10.0 | 80.0 | a&amp;b.wav |" in text
    assert "| level | voice or room | 60.0 | 30.0 | 40.0 | .005 |" in text
    assert text.count("Mind the \\*gap\\*.") == 1
    assert "by chance" in text


def test_without_a_list_the_reason_is_told(study):
    bare = DoubtfulLabels(pd.DataFrame(), reason="rows have several labels each")
    page = Reader(corpus_report_html(CorpusStudy(**(vars(study) | {"doubtful": bare}))))
    assert "No list: rows have several labels each." in page.text


def test_bars_are_as_long_as_their_classes(study):
    drawn = balance_figure(study.check.classes)
    assert 'width="50.00%"' in drawn
    assert "women" in drawn
    assert "not known" not in drawn


def test_figures_without_anything_to_draw_are_empty():
    assert people_figure(pd.DataFrame()) == recording_figures(pd.DataFrame()) == ""
    assert shortcut_figure(pd.DataFrame()) == ""
    assert balance_figure(class_table(pd.DataFrame({"segment": ["a"]}))) == ""


def test_speakers_beyond_the_most_are_counted():
    people = pd.DataFrame({"joy": range(30)}, index=[f"s{number}" for number in range(30)])
    assert "6 more speakers are not drawn." in people_figure(people)
