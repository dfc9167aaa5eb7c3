"""Bags: counts that add up, whatever the order of frames, streams, tables and windows."""

import numpy as np
import pandas as pd
import pytest

from mien.core.errors import ConfigError, DataError
from mien.features.bags import Bags, Terms, Weighting, Words
from mien.features.described import Described


def frames(lengths=(30, 50, 20), columns=4, seed=0):
    """Return a table as `mien extract --level lld` makes it."""
    generator = np.random.default_rng(seed)
    names = np.repeat([f"s{number}" for number in range(len(lengths))], lengths)
    start = np.concatenate([0.01 * np.arange(length) for length in lengths])
    table = pd.DataFrame({"segment": names, "file": names + ".wav", "start": start, "end": start + 0.02})
    values = generator.normal(3, 2, (len(names), columns)).astype(np.float32)
    return pd.concat([table, pd.DataFrame(values, columns=[f"x{n}" for n in range(columns)])], axis=1)


def values_of(table):
    return table.select_dtypes("float32").to_numpy()


@pytest.mark.parametrize("method", ["random", "random++", "kmeans", "kmeans++"])
@pytest.mark.parametrize("assign", [1, 3])
def test_counts_sum_to_frames_times_assignments(method, assign):
    bags = Bags(Words(size=12, method=method, assign=assign)).fit_transform(frames())
    assert values_of(bags).sum(axis=1).tolist() == [30 * assign, 50 * assign, 20 * assign]
    assert list(bags.columns[:5]) == ["segment", "file", "start", "end", "frames.0"]
    assert bags["end"].to_numpy() == pytest.approx([0.31, 0.51, 0.21])


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_frames_does_not_matter(seed):
    table = frames()
    bags = Bags(Words(size=8)).fit(table)
    shuffled = table.sample(frac=1, random_state=seed)
    again = bags.transform(shuffled).set_index("segment").loc[["s0", "s1", "s2"]]
    np.testing.assert_array_equal(values_of(bags.transform(table)), values_of(again))


def test_bags_of_joined_segments_are_the_sum_of_their_bags():
    table = frames()
    bags = Bags(Words(size=8, assign=2, gaussian=2.0)).fit(table)
    joined = bags.transform(table.assign(segment="all"))
    expected = values_of(bags.transform(table)).sum(axis=0, keepdims=True)
    np.testing.assert_allclose(values_of(joined), expected, rtol=1e-5)


def test_arrays_give_what_tables_give():
    table = frames()
    described = Described(
        table[["x0", "x1", "x2", "x3"]].to_numpy(), np.array([0, 30, 80, 100]), ("x0", "x1", "x2", "x3"), 0.01
    )
    one, two = (Bags(Words(size=8)).fit_transform(given) for given in (table, described))
    np.testing.assert_array_equal(values_of(one), values_of(two))
    assert list(two["segment"]) == ["array-1", "array-2", "array-3"]


def test_the_same_seed_gives_the_same_words_and_another_seed_others():
    one, same, other = (
        Bags(Words(size=8, method="kmeans++", train=60), seed=seed).fit(frames()).books[0].words
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize(
    ("scale", "offset", "divisor"),
    [("standardize", np.mean, lambda x: np.std(x, ddof=1)), ("normalize", np.min, np.ptp)],
)
def test_frames_are_scaled_by_what_training_frames_were(scale, offset, divisor):
    table = frames()
    table["x3"] = np.float32(5)
    book = Bags(Words(size=8, scale=scale)).fit(table).books[0]
    for number in range(3):
        assert book.offset[number] == pytest.approx(offset(table[f"x{number}"].to_numpy(float)), rel=1e-4)
        assert book.divisor[number] == pytest.approx(divisor(table[f"x{number}"].to_numpy(float)), rel=1e-4)
    assert book.divisor[3] == 1


def test_unscaled_words_are_frames():
    table = frames()
    book = Bags(Words(size=8, scale="none")).fit(table).books[0]
    assert {row.tobytes() for row in book.words} <= {row.tobytes() for row in values_of(table)}


def test_each_class_gets_its_share_of_words_from_its_own_frames():
    table = frames()
    table.loc[table["segment"] == "s1", ["x0", "x1"]] += 1000
    book = Bags(Words(size=9, scale="none")).fit(table, classes={"s0": "a", "s1": "b", "s2": "a"}).books[0]
    assert (book.words[:5, 0] < 500).all()
    assert (book.words[5:, 0] > 500).all()


def test_descriptors_are_split_over_codebooks_that_do_not_see_the_others():
    table = frames()
    both = Bags([Words("one", ("x0", "x1"), size=6), Words("two", ("x2",), size=4)]).fit_transform(table)
    assert list(both.columns[4:]) == [f"one.{n}" for n in range(6)] + [f"two.{n}" for n in range(4)]
    changed = table.assign(x2=0.1 * table["x2"] ** 3)
    again = Bags([Words("one", ("x0", "x1"), size=6), Words("two", ("x2",), size=4)]).fit_transform(changed)
    np.testing.assert_array_equal(both.filter(like="one.").to_numpy(), again.filter(like="one.").to_numpy())


def test_voice_and_words_are_counted_side_by_side():
    text = pd.DataFrame(
        {"segment": ["s2", "s0", "s1", "s0"], "text": ["So good", "good, good!", None, "bad"]}
    )
    bags = Bags([Words(size=5), Terms(n_grams=2, least=2)]).fit_transform([frames(), text])
    assert list(bags.columns[4:]) == [*[f"frames.{n}" for n in range(5)], "text.good"]
    assert bags["text.good"].tolist() == [2, 0, 1]


def test_text_alone_needs_no_frames():
    text = pd.DataFrame({"segment": ["a", "b"], "text": ["x y", "y"]})
    bags = Bags(Terms(), weighting=Weighting(idf=True)).fit_transform(text)
    assert bags.iloc[:, 1:].to_numpy() == pytest.approx(np.array([[np.log10(2), 0], [0, 0]]))


@pytest.mark.parametrize("assign", [1, 2])
def test_windowed_bags_are_the_bags_of_slices(assign):
    table = frames((100, 45))
    whole = Bags(Words(size=6, assign=assign)).fit(table)
    windowed = Bags(Words(size=6, assign=assign), window_s=0.2, hop_s=0.1).fit_transform(table)
    assert windowed["segment"].tolist() == ["s0"] * 10 + ["s1"] * 5
    for row, window in windowed.iterrows():
        middle = 0.1 * row if window["segment"] == "s0" else 0.1 * (row - 10)
        inside = (table["start"] > middle - 0.1 - 1e-6) & (table["start"] < middle + 0.1 - 1e-6)
        part = table[inside & (table["segment"] == window["segment"])]
        np.testing.assert_array_equal(window.iloc[4:].to_numpy(float), values_of(whole.transform(part))[0])
        assert (window["start"], window["end"]) == pytest.approx(
            (max(middle - 0.1, 0), min(middle + 0.1, part["end"].max() if middle + 0.1 > 0.45 else 9)),
            abs=0.02,
        )


def test_words_say_where_they_are():
    table = frames()
    bags = Bags(Words(size=6, assign=2)).fit(table)
    found = bags.words(table)
    assert list(found.columns) == ["segment", "start", "end", "word", "weight"]
    counted = found.pivot_table(index="segment", columns="word", values="weight", aggfunc="sum", fill_value=0)
    expected = bags.transform(table).set_index("segment")
    np.testing.assert_array_equal(counted.to_numpy(), expected[counted.columns].to_numpy())


def test_a_bag_without_any_known_word_stays_zero():
    text = pd.DataFrame({"segment": ["a", "b"], "text": ["x y", "y"]})
    for norm in ("frames", "sum", "length"):
        bags = Bags(Terms(), weighting=Weighting(norm=norm)).fit(text)
        found = bags.transform(pd.DataFrame({"segment": ["c"], "text": ["never heard"]}))
        assert values_of(found).tolist() == [[0, 0]]


def test_components_of_stacked_frames_are_those_of_frames_stacked_by_hand():
    table = frames((40, 3))
    book = Bags(Words(size=8, components=5, context=4)).fit(table).books[0]
    values, starts = values_of(table), np.array([0, 40, 43])
    scaled = (values - book.offset) / book.divisor
    rows = [
        [min(max(row + step, low), high - 1) for step in (-2, -1, 0, 1)]
        for low, high in ((0, 40), (40, 43))
        for row in range(low, high)
    ]
    stacked = scaled[np.array(rows)].reshape(43, -1)
    np.testing.assert_allclose(book.scaled(values, starts), stacked @ book.basis, atol=1e-4)
    kept = np.linalg.eigvalsh(np.cov(stacked, rowvar=False))[::-1][:5]
    np.testing.assert_allclose(np.var(stacked @ book.basis, axis=0, ddof=1), kept, rtol=1e-3)


def lacking(table):
    table.loc[[5, 7], "x1"] = np.nan
    return table


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lacking, "Got nan in `x1` of `s0`, and 2 of 100 frames"),
        (lambda table: table.drop(columns="x2"), "Got no column `x2`, expected the 4"),
        (lambda table: table.rename(columns={"x2": "x_2"}), "Did you mean"),
        (lambda table: table.drop(columns=["segment", "file"]), "column `segment` or `file`"),
        (lambda table: table.iloc[:0], "Got 0 rows"),
        (lambda table: table.assign(x0="loud"), "not all numbers"),
        (lambda table: [table, table.iloc[:60]], "Got `s2` in table 1 alone"),
        (lambda table: [], "Got no table"),
    ],
)
def test_frames_that_cannot_be_counted_are_told(change, message):
    bags = Bags(Words(size=5)).fit(frames())
    with pytest.raises(DataError, match=message):
        bags.transform(change(frames()))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Words(size=0), "Got size 0, expected at least 1"),
        (lambda: Words(size=2.5), "Got size 2.5, expected int"),
        (lambda: Words(method="kmean"), "Did you mean `kmeans`"),
        (lambda: Words(size=3, assign=4), "at most the 3 words"),
        (lambda: Words(gaussian=0.0), "above 0"),
        (lambda: Words(context=5), "without components"),
        (lambda: Words(columns="x0"), "expected None or tuple"),
        (lambda: Terms(n_grams=0), "neither n_grams nor characters"),
        (lambda: Weighting(norm="l2"), "expected one of none, frames, sum, length"),
        (lambda: Bags([Words(), Words()]), "different names"),
        (lambda: Bags(window_s=1.0), "or neither"),
        (lambda: Bags().transform(frames()), "call `fit` or `load` first"),
    ],
)
def test_options_that_make_no_sense_are_told(make, message):
    with pytest.raises(ConfigError, match=message):
        make()


def test_data_that_cannot_be_learned_from_are_told():
    with pytest.raises(DataError, match="Got 100 different frames, expected at least the 500 words"):
        Bags().fit(frames())
    with pytest.raises(DataError, match="Got no class of `s1`"):
        Bags(Words(size=5)).fit(frames(), classes={"s0": "a", "s2": "b"})
    with pytest.raises(DataError, match="Got 3 classes, expected at most the 2 words"):
        Bags(Words(size=2)).fit(frames(), classes={"s0": "a", "s1": "b", "s2": "c"})
    with pytest.raises(DataError, match="none of which occurs 5"):
        Bags(Terms(least=5)).fit(pd.DataFrame({"segment": ["a"], "text": ["x y"]}))
    with pytest.raises(DataError, match="sort the rows by time"):
        Bags(Words(size=5), window_s=1.0, hop_s=0.5).fit(frames()).transform(frames().iloc[::-1])
    with pytest.raises(DataError, match="components 9, expected at most 4"):
        Bags(Words(size=5, components=9)).fit(frames())
