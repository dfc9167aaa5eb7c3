from html.parser import HTMLParser

import pandas as pd
import pytest

from mien.corpora.corpus_check import class_table
from mien.corpora.data_card import DataCard, people_table
from mien.corpora.findings import Finding
from mien.reports.data_card import data_card_html, data_card_markdown


@pytest.fixture
def card():
    table = pd.DataFrame(
        {
            "segment": list("abcd"),
            "emotion": ["joy", "joy", "anger", None],
            "speaker": ["x", "x", "y", "y"],
            "sex": ["female", "female", "male", "male"],
            "start": 0.0,
            "end": [30.0, 60.0, 90.0, 30.0],
        }
    )
    return DataCard(
        name="toy",
        title="Toy <corpus>",
        facts=(("Licence", "CC BY*"), ("Shelf", "`open`: any use")),
        classes=class_table(table),
        people=people_table(table),
        measured=(Finding("copies", "copies", "warning", "toy/a_1 = toy/b|2", {}),),
        use=("Smoke tests.",),
        traps=("`label_a` & others are swapped.",),
        limits=("That <it> works.",),
    )


def test_markdown_has_every_part_and_escapes_what_is_not_code(card):
    page = data_card_markdown(card)
    assert page.startswith("# Toy &lt;corpus>\n")
    assert "- Licence: CC BY\\*" in page
    assert "- `label_a` &amp; others are swapped." in page
    assert "- copies (warning): toy/a_1 = toy/b\\|2." in page
    assert "| joy | 2 | 1 | 2 | 0 | 1.5 |" in page
    assert "| female | 1 | 2 | 0.03 |" in page
    heads = [line for line in page.splitlines() if line.startswith("## ")]
    assert heads[0] == "## What may not be concluded"
    assert heads[1:] == [
        "## Intended use",
        "## Traps",
        "## Classes",
        "## People",
        "## Measured in the folder",
    ]
    assert "mien corpora card toy --root FOLDER" in page


def test_parts_without_rows_are_left_out(card):
    bare = DataCard(**(vars(card) | {"classes": card.classes.head(0), "people": card.people.head(0)}))
    assert "## Classes" not in data_card_markdown(bare)
    assert "## People" not in data_card_markdown(bare)


def test_the_page_says_the_same_and_its_links_lead_somewhere(card):
    page = data_card_html(card)
    found = {"ids": set(), "links": set(), "text": ""}

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attributes):
            given = dict(attributes)
            found["ids"].add(given.get("id"))
            if tag == "a" and given["href"].startswith("#"):
                found["links"].add(given["href"][1:])

        def handle_data(self, data):
            found["text"] += data

    Reader().feed(page)
    assert found["links"] <= found["ids"]
    assert "That <it> works." in found["text"]
    assert "<code>label_a</code> &amp; others" in page
