"""How to read an evaluation, and what may not be concluded from it."""

from mien.reports.evaluation_tables import EvaluationTables
from mien.reports.plain_words import count, listed

FEW_SPEAKERS = 20
"""Below so many speakers in a corpus, intervals are called rough."""

SCORES = (
    "Unweighted average recall",
    "For each category, the share of its items that the model recognizes; then the mean over "
    "categories, so that rare ones count as much as frequent ones. Guessing gives one divided by the "
    "number of categories. It is the field’s usual score; plain accuracy flatters a model that favors "
    "the frequent category.",
)
INTERVAL = (
    "95 % interval, by speaker",
    "If the study were repeated with other speakers of the same kind, intervals made this way would "
    "hold the true score in about 95 of 100 repetitions. People differ more than their recordings do: "
    "the interval by item treats every recording as independent and promises too much. Use the one by "
    "speaker.",
)
FLOOR = (
    "Guessing and floor",
    "Guessing is what a coin or die would reach. The floor is what a simple, well-known method "
    "reaches on the same items. A model is worth its effort only where its interval lies above both.",
)
GOALS = (
    "Goals",
    "Numbers that were set before the model was judged. A missed goal stays in the report. A goal "
    "counts as met by its value; where the interval reaches across it, another sample could decide "
    "otherwise. Only the gap between the sexes (U5) is met or missed by its whole interval: “not shown” "
    "means that these people are too few to tell.",
)
CONFUSIONS = (
    "Confusions",
    "Each row holds the items that listeners or actors gave one category, and how the model called "
    "them. The outlined diagonal is recognized. Neighbors that are confused both ways, such as fear "
    "and surprise, are often hard for people too.",
)
RELIABILITY = (
    "Calibration",
    "Of all items about which the model says 70 %, seven in ten should be right. Dots on the dashed "
    "diagonal keep that promise; below it the model is too sure, above it too cautious. The "
    "calibration error (ECE) is the mean distance from the diagonal; debiased means that what chance "
    "adds is taken away. .05 is five points.",
)
RISK = (
    "Abstaining",
    "The model may leave out what it doubts most. The curve shows how many of the remaining answers "
    "are wrong; the dashed one is the best there could be, if doubt knew every error; a flat curve "
    "means that doubt knows nothing. Items that are left out are missing values, and seldom missing "
    "at random.",
)
GROUPS = (
    "Groups and gaps",
    "The same score for parts of the people. The largest of several differences is large by chance "
    "alone; its interval allows for that. If it includes 0, these data do not show a gap, which is "
    "not the same as showing that there is none: small groups cannot show that.",
)
STRIP = (
    "Speakers",
    "One mark per person, from the lowest to the highest score. A mean hides for whom a model does "
    "not work; the strip does not. Each person’s score rests on few items: do not rank people by it.",
)
OVERLAP = (
    "Overlap",
    "A model that has heard a speaker, a sentence or the very recording in training is tested on its "
    "memory. Each kind of overlap is counted; what could not be checked is said to be so.",
)


def guide_terms(tables: EvaluationTables) -> list[tuple[str, str]]:
    """Return term and meaning of each number that the report shows."""
    parts = [
        (SCORES, "recall" in str(tables.headline["metric"].iloc[0])),
        (INTERVAL, True),
        (FLOOR, tables.scores[["chance", "floor"]].notna().any(axis=None)),
        (GOALS, len(tables.goals)),
        (CONFUSIONS, len(tables.confusion)),
        (RELIABILITY, len(tables.reliability)),
        (RISK, len(tables.risk_coverage)),
        (GROUPS, len(tables.groups)),
        (STRIP, len(tables.strip)),
        (OVERLAP, len(tables.overlap)),
    ]
    return [term for term, there in parts if there]


def not_to_conclude(tables: EvaluationTables) -> list[str]:
    """Return what these numbers do not show, with the corpora and numbers of people named."""
    speakers = tables.headline.dropna(subset=["speakers"]).groupby("corpus", sort=False)["speakers"].first()
    few = [
        f"{name} ({count(int(number), 'speaker')})"
        for name, number in speakers.items()
        if number < FEW_SPEAKERS
    ]
    said = [
        "That the model recognizes what people feel. It was compared with labels of affect that is "
        "expressed, given by actors or listeners.",
        f"That it works elsewhere. The scores hold for {listed(tables.corpora)} and speakers like theirs; "
        "other languages, ages, rooms, microphones and everyday speech were not tested here.",
        "Anything about one person. A score is a mean over many; for a single recording look at its "
        "probabilities and doubt, and for a person at nothing in this report.",
        "That it treats people alike, because a gap’s interval includes 0; or that a group is harder by "
        "nature, because its score is lower: recordings, actors and labels differ too.",
        "That it is better than a published system, unless that was judged by the same protocol: same "
        "categories, same speakers held out, same items.",
        "That it may be used. Inferring emotions at work and in education is prohibited in the European "
        "Union (AI Act, Article 5(1)(f)); elsewhere people must know and agree.",
    ]
    if few:
        said.insert(
            2, f"Much from few people: with fewer than {FEW_SPEAKERS}, intervals are rough: {listed(few)}."
        )
    return said
