"""What a reader needs to repeat a study: protocols, corpora, versions, machine, licences."""

from collections.abc import Mapping
from typing import Any

from mien.reports.plain_words import count
from mien.reports.study_tables import StudyTables
from mien.reports.study_words import protocol_sentences


def facts(tables: StudyTables) -> list[tuple[str, str]]:
    """Return what was judged and with what, as pairs of a name and words.

    Args:
        tables: the study.
    """
    summary = tables.summary
    found = [("protocol", one) for one in protocol_sentences(summary)]
    found += [(str(name), _corpus(about)) for name, about in (summary.get("corpora") or {}).items()]
    found += [("reference", str(summary["reference"]))] if summary["reference"] else []
    found += [("processor", str(summary["cpu"]))] if summary.get("cpu") else []
    found.append(("versions", ", ".join(f"{name} {one}" for name, one in summary["versions"].items())))
    return found + [(f"licence of {name}", words) for name, words in _licences(summary.get("licences"))]


def _corpus(about: Mapping[str, Any]) -> str:
    people = f" by {count(int(about['speakers']), 'speaker')}" if about.get("speakers") else ""
    classes = f", {about['classes']} classes of {about['label']}" if about.get("classes") else ""
    licence = f". Licence: {str(about['licence']).rstrip('.')}" if about.get("licence") else ""
    return f"{count(int(about['segments']), 'segment')}{people}{classes}{licence}."


def _licences(licences: Any) -> list[tuple[str, str]]:
    """Return licences by name, given as pairs or as lines."""
    if isinstance(licences, Mapping):
        return [(str(name), str(words)) for name, words in licences.items()]
    lines = [licences] if isinstance(licences, str) else list(licences or [])
    return [("weights", str(line)) for line in lines if line]
