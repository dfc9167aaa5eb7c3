"""Made-up studies: every column filled, failed cells, conditions, hostile names, a matrix, two metrics."""

import numpy as np
import pandas as pd

from mien.reports.study_tables import NUMBERS, RISK_COLUMNS, ROW_COLUMNS, STRIP_COLUMNS, StudyTables

SYSTEMS = ("egemaps+svm", "egemaps+speaker+svm", "whisper+lora", "majority", "tfidf+svm")
VALUES = {"egemaps+svm": 0.60, "egemaps+speaker+svm": 0.75, "whisper+lora": 0.71, "majority": 0.25}
CORE_S = {"egemaps+svm": 7.0, "egemaps+speaker+svm": 6.5, "whisper+lora": 5400.0, "majority": 0.05}
P = {"egemaps+speaker+svm": 0.004, "whisper+lora": 0.06, "majority": 0.008}
STARS = {"egemaps+speaker+svm": "***", "majority": "***"}
CONDITION = "sees each test speaker's unlabelled clips"
HOSTILE = "<b>a&b</b>|c_d{e}$f%g#h~i^j\\k*l*[m](n)" + "+very-long-name" * 12
MATRIX_COLUMNS = ("system", "train", "test", "value", "low", "high", "n")


def study_row(
    corpus: str, system: str, *, speakers: float = 10, reference: str = SYSTEMS[0]
) -> dict[str, object]:
    """Return a row with every column filled, or one that failed, for a system without a made-up value."""
    row: dict[str, object] = dict.fromkeys(ROW_COLUMNS) | {"corpus": corpus, "system": system}
    row |= {"condition": CONDITION if "speaker" in system else "", "stars": "", "note": ""}
    if system not in VALUES:
        return row | {"note": f"Got `{system}`, which takes words, but `{corpus}` has voice; leave one out."}
    value = VALUES[system]
    row |= {"metric": "uar", "title": "unweighted average recall", "seeds": 3, "sd_seeds": 0.012, "folds": 5}
    row |= {"value": value, "low": value - 0.08, "high": value + 0.06, "n": 400, "speakers": speakers}
    row |= {"calibration_error": 0.04, "error_auroc": 0.72, "non_speech_auroc": 0.93, "abstain_gain": 0.05}
    row |= {"worst_gap": 0.061, "worst_gap_of": "sex", "worst_decile": value - 0.2, "kept_when_degraded": 0.8}
    row |= {"worst_condition": "babble 0 dB", "worst_condition_value": value - 0.3, "parameters": 812_345}
    row |= {"size_mb": 3.4, "multiply_adds": 2.5e9, "latency_ms": None, "times_real_time": 80.0}
    row |= {"peak_mb": 571.3, "core_s": CORE_S[system], "energy_wh": 0.4, "label_area": value - 0.1}
    row["chosen"] = "1, 10"
    if reference and system != reference:
        gap = value - VALUES[reference]
        row |= {
            "difference": gap,
            "difference_low": gap - 0.1,
            "difference_high": gap + 0.1,
            "p": P[system] / 2,
        }
        row |= {"p_corrected": P[system], "stars": STARS.get(system, "")}
    return row


def made_study(corpora: tuple[str, ...] = ("emodb", "urdu"), **changes: object) -> StudyTables:
    """Return a whole study with every column, with changes to its fields."""
    reference = str(changes.pop("reference", SYSTEMS[0]))
    speakers = changes.pop("speakers", 10)
    rows = study_frame(
        [study_row(one, name, speakers=speakers, reference=reference) for one in corpora for name in SYSTEMS]
    )
    scored = rows[rows["value"].notna()]
    fields: dict[str, object] = {
        "summary": made_summary(corpora, reference),
        "rows": rows,
        "strips": made_strips(scored),
        "risk": made_risk(scored),
        "matrix": pd.DataFrame(columns=list(MATRIX_COLUMNS)),
        "notes": ["A note on <emodb>."],
    }
    return StudyTables(**(fields | changes))


def study_frame(rows: list[dict[str, object]]) -> pd.DataFrame:
    """Return rows as `mien.studies` lays them out."""
    return pd.DataFrame(rows, columns=list(ROW_COLUMNS)).astype(dict.fromkeys(NUMBERS, float))


def made_summary(corpora: tuple[str, ...], reference: str) -> dict[str, object]:
    """Return a study's summary."""
    about = {"label": "emotion", "classes": 4, "segments": 400, "speakers": 10, "licence": "CC0."}
    return {
        "title": f"{len(SYSTEMS)} systems on {', '.join(corpora)}",
        "protocols": {name: "loso: leave one speaker out: nobody is heard twice" for name in corpora},
        "reference": reference,
        "metric": "uar",
        "seeds": 3,
        "draws": 1000,
        "tests": 3 * len(corpora) if reference else 0,
        "command": f"mien compare --corpus {' '.join(corpora)}",
        "versions": {"mien": "0.1.0", "numpy": "2.4.6"},
        "corpora": {name: dict(about) for name in corpora},
        "cpu": "Made-up processor",
        "licences": {"whisper+lora": "MIT"},
        "methods": "Systems were judged on `emotion` < & >.",
    }


def made_strips(rows: pd.DataFrame, speakers: int = 10) -> pd.DataFrame:
    """Return scores of single speakers around each row's own."""
    found = [
        (row["corpus"], row["system"], f"s{one}", min(max(row["value"] + 0.03 * (one - 4.5), 0), 1), 40)
        for row in rows.to_dict("records")
        for one in range(speakers)
    ]
    return pd.DataFrame(found, columns=list(STRIP_COLUMNS))


def made_risk(rows: pd.DataFrame) -> pd.DataFrame:
    """Return errors that grow with the share answered up to one minus the score."""
    found = [
        (row["corpus"], row["system"], coverage, (1 - row["value"]) * coverage)
        for row in rows.to_dict("records")
        for coverage in np.linspace(0.05, 1, 20)
    ]
    return pd.DataFrame(found, columns=list(RISK_COLUMNS))


def made_matrix(corpora: tuple[str, ...] = ("emodb", "urdu")) -> pd.DataFrame:
    """Return scores from each corpus to each other one, the last of them missing."""
    found = [
        ["egemaps+svm", train, test, 0.7 if train == test else 0.4, 0.3, 0.75, 400]
        for train in corpora
        for test in corpora
    ]
    found[-1][3:6] = [None, None, None]
    return pd.DataFrame(found, columns=list(MATRIX_COLUMNS))


def hostile_study() -> StudyTables:
    """Return a study in which every name is hostile."""
    study = made_study((HOSTILE,), matrix=made_matrix((HOSTILE, "b")), notes=[HOSTILE])
    rows = study.rows.assign(system=[f"{HOSTILE}{place}" for place in range(len(study.rows))])
    rows["note"] = rows["note"].where(rows["note"] == "", HOSTILE)
    rows["condition"] = rows["condition"].where(rows["condition"] == "", HOSTILE)
    rows["chosen"] = HOSTILE
    named = dict(zip(study.rows["system"], rows["system"], strict=True))
    summary = {**study.summary, "reference": named[SYSTEMS[0]], "title": HOSTILE, "methods": HOSTILE}
    strips, risk = (one.assign(system=one["system"].map(named)) for one in (study.strips, study.risk))
    return StudyTables(summary, rows, strips, risk, study.matrix, study.notes)
