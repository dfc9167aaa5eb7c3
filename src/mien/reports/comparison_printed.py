"""A comparison as one printed table, the same in every format."""

from mien.reports.comparison_tables import ComparisonTables
from mien.reports.comparison_words import shown_p
from mien.reports.evaluation_numbers import NOTHING, between, is_share, known, shown, whole
from mien.reports.printed_cells import Cell, Notes, PrintedTable, Row, records

OPTIMISTIC = "p by item (optimistic)"
COLUMNS = (
    *("Corpus", "Measure", "n", "Speakers", "System", "Score [95 %]", "Difference [95 %]"),
    *("p", "p corrected", OPTIMISTIC, "Detectable"),
)
WORDS = ("Corpus", "Measure", "System")
SEEDS = "95 % by speaker and seed"


def comparison_table(tables: ComparisonTables) -> PrintedTable:
    """Return the reference and each other system per corpus and score, with differences and tests.

    The reference stands above the systems that it is compared with; again where these share other items.

    Args:
        tables: what to show.
    """
    columns = [*COLUMNS[:7], SEEDS, *COLUMNS[7:]] if tables.with_seeds else list(COLUMNS)
    notes = Notes()
    rows: list[tuple[Cell, ...]] = []
    for block, row in _blocks(tables):
        if block is not None:
            rows.append(_filled([*block, f"{row['first']} (reference)", _score(row, "first")], len(columns)))
        rows.append(_system_row(row, notes, with_seeds=tables.with_seeds))
    numeric = tuple(name not in WORDS for name in columns)
    return PrintedTable("comparison", "Comparison", tuple(columns), numeric, tuple(rows), tuple(notes.texts))


def _blocks(tables: ComparisonTables) -> list[tuple[tuple[str, ...] | None, Row]]:
    """Return the rows, those of one corpus and score together, each block's first with its heading."""
    ordered = tables.rows.assign(
        of_corpus=tables.rows.groupby("corpus", sort=False).ngroup(),
        of_metric=tables.rows.groupby("metric", sort=False).ngroup(),
    ).sort_values(["of_metric", "of_corpus"], kind="stable")
    found: list[tuple[tuple[str, ...] | None, Row]] = []
    before: tuple[object, ...] = ()
    for row in records(ordered):
        block = (*_about(row), _score(row, "first"))
        found.append((_about(row) if block != before else None, row))
        before = block
    return found


def _about(row: Row) -> tuple[str, ...]:
    title = f"{row['title']} (%)" if is_share(str(row["metric"])) else str(row["title"])
    return str(row["corpus"]), title, whole(row["n"]), whole(row["speakers"])


def _score(row: Row, side: str) -> str:
    metric = str(row["metric"])
    if not known(row[f"value_{side}"]):
        return NOTHING
    value, sd, low, high = (shown(row[f"{name}_{side}"], metric) for name in ("value", "sd", "low", "high"))
    spread = f" ± {sd} (n = {row[f'seeds_{side}']} seeds)" if known(row[f"sd_{side}"]) else ""
    return f"{value}{spread} {between(low, high)}"


def _system_row(row: Row, notes: Notes, *, with_seeds: bool) -> tuple[Cell, ...]:
    metric = str(row["metric"])
    ends = {
        name: between(shown(row[f"low{name}"], metric), shown(row[f"high{name}"], metric))
        for name in ("", "_seeds")
    }
    difference = shown(row["difference"], metric)
    told = f"{difference}{row['stars']} {ends['']}" if known(row["difference"]) else difference
    cells: list[str | Cell] = [*_about(row), str(row["second"]), _score(row, "second")]
    cells.append(Cell(told, notes.number(row["note"])))
    cells += [ends["_seeds"]] if with_seeds else []
    cells += [shown_p(row[name]) for name in ("p", "p_corrected", "p_item")]
    return _filled([*cells, shown(row["detectable"], metric)], len(cells) + 1)


def _filled(cells: list[str | Cell], width: int) -> tuple[Cell, ...]:
    """Return cells, empty ones added at the end."""
    texts = [*cells, *[""] * (width - len(cells))]
    return tuple(one if isinstance(one, Cell) else Cell(one) for one in texts)
