"""Tables of what doubt and probabilities are worth, as printed."""

from mien.reports.evaluation_numbers import between, known, percent_points, plain_number
from mien.reports.evaluation_tables import EvaluationTables
from mien.reports.plain_words import NO_BREAK
from mien.reports.printed_cells import Cell, Notes, PrintedTable, Row, printed, records

SCALED_BEFORE = "The stored probabilities are {}."
SCALING = (
    "Each method was fitted on some speakers and judged on others. It helps or hurts only where the "
    f"95{NO_BREAK}% interval of the change leaves out 0; no clear change does not show that the "
    "probabilities are right."
)
SETS = (
    "A set names every category that is likely enough, at times none; reached is how often it held the truth "
    "for speakers on whom it was not fitted. Only for items dealt by chance is the share guaranteed: for new "
    "speakers it is measured, and it says nothing about one person."
)
PROMISE = (
    "Where doubt is below the threshold, errors are promised to be no more frequent than asked for, with "
    f"95{NO_BREAK}% confidence; answered and wrong are what came of it for speakers on whom no threshold was "
    "fitted. The promise holds for items like these, not for other recordings nor for one person."
)
DOUBTS = (
    "AUROC: how often a wrong answer is more doubtful than a right one, or a sound without speech than "
    "speech; .5 is guessing. Kinds of doubt whose intervals overlap cannot be ranked by these data, and a "
    "doubt that finds errors need not notice what is no speech."
)
MARKS = {"hurts": "warning", "helps": "ok"}
UNCLEAR = "no clear change"
NAMES = {
    "total": "total",
    "entropy": "entropy of the probabilities",
    "least_confidence": "least confidence",
}


def doubt_tables(tables: EvaluationTables) -> list[PrintedTable]:
    """Return all tables of doubt, in the order of the report; some may have no rows."""
    return [calibrator_table(tables), conformal_table(tables), guarantee_table(tables), doubts_table(tables)]


def calibrator_table(tables: EvaluationTables) -> PrintedTable:
    """Return what scaling the probabilities would change, and where it hurts."""
    notes, rows = Notes(), []
    for row in records(tables.calibrators):
        numbers = plain_number(row["nll"]), plain_number(row["ece"]), percent_points(row["accuracy"])
        rows.append((str(row["corpus"]), str(row["method"]), *numbers, _verdict(row, notes)))
    columns = "Corpus | Method | #Negative log-likelihood | #Calibration error | #Right (%) | Against none"
    before = tables.summary.get("probabilities")
    reading = f"{SCALING} {SCALED_BEFORE.format(before)}" if before else SCALING
    return printed("calibrators", "Scaling of the probabilities", columns, rows, notes, reading=reading)


def _verdict(row: Row, notes: Notes) -> Cell:
    """Return whether scaling helps; the reason where it could not be judged."""
    said = str(row["note"] or "")
    if row["method"] == "none":
        return Cell("–", notes.number(said))
    word, _, rest = said.partition(": ")
    mark = MARKS.get(word, "")
    return (
        Cell(word, notes.number(rest), mark)
        if mark
        else Cell(UNCLEAR, notes.number(said.replace(UNCLEAR, "")))
    )


def conformal_table(tables: EvaluationTables) -> PrintedTable:
    """Return how often sets of categories hold the truth, and how large they are."""
    notes, rows = Notes(), []
    for row in records(tables.conformal):
        reached, low, high = (percent_points(row[name]) for name in ("coverage", "low", "high"))
        told = Cell(
            f"{reached} {between(low, high)}" if known(row["coverage"]) else reached,
            notes.number(row["note"]),
        )
        size = plain_number(row["size"], 2)
        size += f" of {int(row['categories'])}" if known(row["size"]) else ""
        worst = f"{row['group']}: {percent_points(row['group_coverage'])}" if known(row["group"]) else "–"
        asked, mixed = f"{100 * row['target']:.0f}", percent_points(row["same_speakers"])
        rows.append((str(row["corpus"]), asked, told, mixed, size, worst))
    columns = (
        "Corpus | #Asked (%) | #Reached, new speakers (%) [95 %] | #Reached, same speakers (%) | "
        "#Categories in a set | #Reached, worst group (%)"
    )
    title = "Sets of categories that hold the truth"
    return printed("conformal", title, columns, rows, notes, reading=SETS)


def guarantee_table(tables: EvaluationTables) -> PrintedTable:
    """Return below which doubt errors are promised to be rare, and what share is then answered."""
    notes, rows = Notes(), []
    for row in records(tables.guarantee):
        risk, low, high = (percent_points(row[name]) for name in ("risk", "low", "high"))
        wrong = f"{risk} {between(low, high)}" if known(row["risk"]) else risk
        numbers = (
            f"{100 * row['target']:.0f}",
            plain_number(row["threshold"]),
            percent_points(row["answered"]),
        )
        rows.append((str(row["corpus"]), *numbers, Cell(wrong, notes.number(row["note"]))))
    columns = (
        "Corpus | #Wrong at most (%) | #Threshold (nats) | #Answered (%) | #Wrong among these (%) [95 %]"
    )
    title = "Answering under a promise"
    return printed("guarantee", title, columns, rows, notes, reading=PROMISE)


def doubts_table(tables: EvaluationTables) -> PrintedTable:
    """Return which kind of doubt finds own errors, and which notices what is no speech."""
    notes, rows = Notes(), []
    for row in records(tables.doubts):
        name = Cell(NAMES.get(str(row["doubt"]), str(row["doubt"])), notes.number(row["note"]))
        found, strange = (
            _area(row, "auroc", ("low", "high")),
            _area(row, "outside", ("outside_low", "outside_high")),
        )
        rows.append((str(row["corpus"]), name, found, plain_number(row["aurc"]), strange))
    columns = "Corpus | Doubt | #Own errors, AUROC [95 %] | #AURC | #No speech, AUROC [95 %]"
    return printed("doubts", "Kinds of doubt compared", columns, rows, notes, reading=DOUBTS)


def _area(row: Row, name: str, ends: tuple[str, str]) -> str:
    value, low, high = (plain_number(row[one]) for one in (name, *ends))
    return f"{value} {between(low, high)}" if known(row[name]) else value
