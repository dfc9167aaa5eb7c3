"""Write how far mien's descriptors are from openSMILE's: a page per set, and a table of every number."""

from pathlib import Path

import pandas as pd

OUT = Path("docs", "results", "parity")
TITLES = {"egemaps": "eGeMAPSv02", "compare": "ComParE_2016"}
GOALS = {"egemaps": ("Q1", "85 of 88"), "compare": ("Q2", "95 %")}
MOST_LINES = 200
WHY = {
    "logRelF0-H1-A3": "another harmonic is the strongest where the formant differs",
    "HNRdBACF": "another peak of the autocorrelation is taken in 2 of 1000 voiced frames",
    "F0final_sma_de": "its divisor counts frames with voice since the beginning, so that one frame moves all",
    "voicingFinalUnclipped": "follows from the frames whose pitch differs",
    "jitter": "a period boundary falls on another sample in 1 of 1000 frames; ends that are voiced differ",
    "shimmer": "a period boundary falls on another sample in 1 of 1000 frames; ends that are voiced differ",
    "logHNR": "a period boundary falls on another sample in 1 of 1000 frames; ends that are voiced differ",
    "F1": "roots of an ill-conditioned predictor: rounding in the last place moves weak ones",
    "F2": "roots of an ill-conditioned predictor: rounding in the last place moves weak ones",
    "F3": "roots of an ill-conditioned predictor: rounding in the last place moves weak ones",
    "pcm_fftMag_spectralRollOff": "one step in silence has a flat spectrum: rounding picks its middle",
    "pcm_fftMag_spectralEntropy": "digital silence: rounding decides what is faint",
}
WHY_FUNCTIONAL = {
    "peakMeanRel": "divides by a mean near 0",
    "flatness": "values at rounding from 0 count or do not",
    "lp": "openSMILE sums the autocorrelation in single precision, one value after the other",
    "maxPos": "two frames are equally high but for rounding",
    "minPos": "two frames are equally low but for rounding",
}


def write_report(name: str, rows: pd.DataFrame, scores: list, *, facts: dict) -> None:
    """Write the page and the table of one set.

    Args:
        name: of the set.
        rows: `level`, `name`, `values`, `within`, `r` and `median` per column.
        scores: of linear machines on both sides' functionals, a row per corpus.
        facts: clips, every, opensmile.
    """
    OUT.mkdir(parents=True, exist_ok=True)
    rows.to_csv(OUT / f"{name}.csv", index=False, float_format="%.6g")
    functionals = rows[rows["level"] == "functionals"]
    voiced = rows.loc[rows["name"] == "voiced or not", "within"].iloc[0]
    good, count = int((functionals["r"] >= 0.99).sum()), len(functionals)
    share = f"{100 * good / count:.1f} %"
    goal, least = GOALS[name]
    text = [
        f"# {TITLES[name]}: mien beside openSMILE",
        "",
        f"Made by `make parity DATA=<folder of corpora>`: {facts['clips']} clips, every {facts['every']}th "
        f"of EmoDB, RAVDESS, nEMO and Urdu, against openSMILE {facts['opensmile']}. "
        f"[Every number]({name}.csv).",
        "",
        f"- {goal}, frames: voice or not agrees on {100 * voiced:.2f} % (goal 99 %).",
        f"- {goal}, functionals: r at least .99 for {good} of {count}, {share} (goal {least}); "
        f"median of the median relative errors {100 * functionals['median'].median():.4f} %, the largest "
        f"{100 * functionals['median'].max():.2f} %.",
        *(
            f"- Q3, {one['corpus']}: linear machine {one['mien']} % on mien's, {one['opensmile']} % on "
            f"openSMILE's ({one['clips']} clips, {one['folds']} folds over speakers, C = 0.01; goal: within "
            "1)."
            for one in scores
        ),
        "",
        "An error is relative to the value, or to a thousandth of the largest where values are near 0. "
        "Columns of voice are compared where both find voice.",
    ]
    for level, heading in (("lld", "Frames"), ("lld_de", "Changes"), ("functionals", "Functionals")):
        text += section(heading, rows[rows["level"] == level])
    (OUT / f"{name}.md").write_text("\n".join(text) + "\n", encoding="utf-8")


def section(heading: str, rows: pd.DataFrame) -> list[str]:
    """Return the table of one level; of a long one only what differs."""
    if rows.empty:
        return []
    kept, said = rows, ""
    if len(rows) > MOST_LINES:
        kept = rows[rows["r"] < 0.99]
        good = f"{len(rows) - len(kept):,} of {len(rows):,}"
        said = f"{good} have r of at least .99; [the table](compare.csv) has all. The others:"
    return [
        *("", f"## {heading}", ""),
        *([said, ""] if said else []),
        "| name | values | within 1e-3 | r | median error | why not |",
        "|---|---:|---:|---:|---:|---|",
        *(line(row) for row in kept.to_dict("records")),
    ]


def line(row: dict) -> str:
    """Return one row of a table, with a reason where an entry is not the same on 99 % of its values."""
    numbers = f"| {row['name']} | {row['values']:,} | {100 * row['within']:.2f} % "
    if row["name"] == "voiced or not":
        return numbers + "| | | |"
    reason = next((why for start, why in WHY.items() if row["name"].startswith(start)), "")
    last = row["name"].rpartition("_")[2]
    reason = reason or next((why for start, why in WHY_FUNCTIONAL.items() if last.startswith(start)), "")
    reason = "" if row["within"] >= 0.99 else reason or "follows from its frames"
    return numbers + f"| {row['r']:.6f} | {row['median']:.1e} | {reason} |"
