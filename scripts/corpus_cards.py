"""Write docs/results/corpora: the data card of every corpus, with counts of the folder that is given."""

import os
import sys
from pathlib import Path

from mien.core import registry
from mien.corpora.data_card import data_card
from mien.corpora.duplicates import scan_audio
from mien.reports.data_card import data_card_markdown

OUT = Path(__file__).resolve().parents[1] / "docs" / "results" / "corpora"


def main() -> None:
    """Draw the card of each corpus, and a list of them."""
    if len(sys.argv) != 2:
        sys.exit("Got no folder of corpora; run `python scripts/corpus_cards.py FOLDER`.")
    data = Path(sys.argv[1])
    OUT.mkdir(parents=True, exist_ok=True)
    rows = []
    for name in registry.names("corpora"):
        module = registry.find("corpora", name)
        table = module.load(data / module.__name__.rpartition(".")[2])
        card = data_card(table, module.CARD, name=name, scan=scan_audio(table, workers=os.cpu_count() or 1))
        (OUT / f"{name}.md").write_text(data_card_markdown(card), encoding="utf-8")
        about = module.CARD
        rows.append(
            f"| [{about['title']}]({name}.md) | {about['language']} | {len(table)} | `{about['shelf']}` |"
        )
    lines = ["# Data cards", "", "Made by:", "", "```bash", "make cards DATA=FOLDER", "```", ""]
    lines += ["| corpus | language | segments here | shelf |", "|---|---|---:|---|", *rows]
    (OUT / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
