"""Check the audio of a corpus: durations, form, clips of no use, copies."""

from collections import Counter

import numpy as np
import pandas as pd

from mien.corpora.class_labels import joined_labels
from mien.corpora.duplicates import SHORT_S, SILENT_DB, find_duplicates
from mien.corpora.findings import Finding, Verdict

_SHOWN = 3


def seconds_of(table: pd.DataFrame, scan: pd.DataFrame | None) -> "pd.Series[float]":
    """Return the duration of each row, NaN where unknown."""
    if scan is not None and len(scan):
        return table["segment"].map(scan.set_index("segment")["duration_s"]).astype("float64")
    if "start" not in table or "end" not in table:
        return pd.Series(np.nan, index=table.index)
    return (table["end"] - table["start"]).astype("float64")


def check_durations(table: pd.DataFrame, scan: pd.DataFrame | None) -> list[Finding]:
    """Say how much audio there is, and how long its segments are."""
    seconds = seconds_of(table, scan).dropna()
    if not len(seconds):
        return []
    quartiles = np.percentile(seconds, [0, 25, 50, 75, 100])
    hours = float(seconds.sum()) / 3600
    low, first, middle, third, high = quartiles
    text = (
        f"{hours:.2f} h; half of the segments last {first:.2f} to {third:.2f} s (median {middle:.2f}, "
        f"all {low:.2f} to {high:.2f})"
    )
    data = {"total_s": float(seconds.sum()), "quartiles_s": quartiles.tolist()}
    return [Finding("audio", "durations", "ok", text, data)]


def check_audio(scan: pd.DataFrame) -> list[Finding]:
    """Say of what form the audio is, and which clips are no use."""
    if not len(scan):
        return []
    readable = scan.dropna(subset=["rate_hz"])
    forms = Counter(zip(readable["rate_hz"].tolist(), readable["channels"].tolist(), strict=True))
    shown = [
        f"{count} × {rate_hz} Hz, {channels} channel{'s' * (channels > 1)}"
        for (rate_hz, channels), count in forms.most_common()
    ]
    levels = scan["level_db"].replace(-np.inf, np.nan).dropna()
    level = f"; level {levels.min():.0f} to {levels.max():.0f} dB of full scale" if len(levels) else ""
    verdict: Verdict = "ok" if len(forms) == 1 else "note"
    found = [Finding("audio", "form", verdict, "; ".join(shown) + level, {"forms": shown})] if shown else []
    remarks = Counter(scan.loc[scan["flag"].isna(), "note"].dropna().tolist()).most_common()
    if remarks:
        count = sum(number for _, number in remarks)
        first, most = remarks[0]
        segments = f"{count} segment{'s' * (count > 1)}"
        text = f"{segments} with remarks from decoding, most often ({most}): {first}"
        found.append(Finding("audio", "remarks", "note", text, {"remarks": dict(remarks)}))
    meanings = {
        "unreadable": "cannot be read",
        "short": f"shorter than {SHORT_S} s",
        "silent": f"below {SILENT_DB:g} dB of full scale",
    }
    for flag, meaning in meanings.items():
        bad = scan.loc[scan["flag"] == flag, "segment"].tolist()
        if bad:
            text = f"{len(bad)} segments {meaning}: {_some(bad)}"
            serious: Verdict = "problem" if flag == "unreadable" else "warning"
            found.append(Finding("audio", f"{flag} audio", serious, text, {"segments": bad}))
    return found


def check_copies(table: pd.DataFrame, scan: pd.DataFrame) -> list[Finding]:
    """Find clips with the same samples, and say whether labels, speakers or splits tear them apart."""
    if not len(scan):
        return []
    groups = find_duplicates(scan)
    if not groups:
        return [Finding("copies", "copies", "ok", "no two segments hold the same samples", {"groups": []})]
    rows = table.assign(label=joined_labels(table)).set_index("segment")
    torn = [
        name
        for name in ("label", "speaker", "split")
        if name in rows and any(rows.loc[list(group), name].nunique() > 1 for group in groups)
    ]
    text = f"{sum(map(len, groups))} segments hold the samples of another: " + _some(
        [" = ".join(group) for group in groups]
    )
    text += f"; copies differ in {', '.join(torn)}" if torn else "; same label, same speaker"
    verdict: Verdict = "problem" if torn else "warning"
    data = {"groups": [list(group) for group in groups], "differ_in": torn}
    return [Finding("copies", "copies that disagree" if torn else "copies", verdict, text, data)]


def _some(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
