from mien.core.schema import (
    FAILURE_COLUMNS,
    FILE_COLUMNS,
    PREDICTION_KEYS,
    SCHEMA,
    SEGMENT_COLUMNS,
    column,
    prediction_columns,
)


def test_every_fixed_column_has_a_type_and_one_line_of_meaning():
    for name in {*SEGMENT_COLUMNS, *FILE_COLUMNS, *FAILURE_COLUMNS, *PREDICTION_KEYS, "abstain"}:
        assert SCHEMA[name].dtype in ("string", "float64", "Int64", "bool")
        assert SCHEMA[name].meaning
        assert "\n" not in SCHEMA[name].meaning


def test_prediction_columns_come_in_the_published_order():
    assert prediction_columns(["anger", "fear"], ["valence"], ["intensity"]) == [
        *PREDICTION_KEYS,
        "p.anger",
        "p.fear",
        "valence.derived",
        "intensity",
        "aleatoric.category",
        "epistemic.category",
        "abstain",
    ]


def test_doubt_about_a_category_is_in_nats_and_about_a_dimension_a_deviation():
    assert "nats" in column("epistemic.category").meaning
    assert "standard deviation" in column("epistemic.valence").meaning
