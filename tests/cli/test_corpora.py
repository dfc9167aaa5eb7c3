import json
import shutil

import pytest

from mien.core import registry


@pytest.fixture
def few_clips(data_root, tmp_path):
    """Return a folder of EmoDB as its owners name it, with one clip under a second name."""
    folder = tmp_path / "berlin" / "audio"
    folder.mkdir(parents=True)
    for name in ("03a01Fa", "03a01Wa", "08a01Fd", "08a01Wa"):
        shutil.copy(data_root / "emodb" / "audio" / f"{name}.flac", folder)
    shutil.copy(folder / "03a01Fa.flac", folder / "08a01Wb.flac")
    return folder.parent


def test_list_names_every_corpus_with_its_shelf(mien) -> None:
    done = mien("corpora", "list")
    assert done.returncode == 0
    lines = done.stdout.splitlines()[1:]
    assert [line.split()[0] for line in lines] == registry.names("corpora")
    assert "open" in next(line for line in lines if line.startswith("emodb "))
    as_json = [json.loads(line) for line in mien("corpora", "list", "--json").stdout.splitlines()]
    assert [one["name"] for one in as_json] == registry.names("corpora")
    assert as_json[0].keys() >= {"title", "licence", "classes", "traps"}


def test_a_sound_corpus_leaves_with_0_and_its_counts(mien, data_root) -> None:
    done = mien("corpora", "check", "emodb", "--root", data_root / "emodb", "--no-audio")
    assert (done.returncode, done.stderr) == (0, "")
    assert "535 segments in 7 classes" in done.stdout
    assert "shelf `open`" in done.stdout
    assert done.stdout.splitlines()[-1] == "emodb: nothing to worry about."


def test_the_trap_of_urdu_is_found_and_leaves_with_1(mien, data_root) -> None:
    done = mien("corpora", "check", "urdu", "--root", data_root / "urdu", "--no-audio", "--json")
    assert done.returncode == 1
    record = json.loads(done.stdout)
    problem = next(one for one in record["findings"] if one["verdict"] == "problem")
    assert problem["text"].startswith("26 of 29 speakers occur in one class only;")
    assert problem["data"]["one_class_speakers"] == 26


def test_a_clip_under_two_names_is_found_in_the_audio(mien, few_clips) -> None:
    done = mien("corpora", "check", "emodb", "--root", few_clips)
    assert done.returncode == 1
    assert "emodb/03a01Fa = emodb/08a01Wb; copies differ in label, speaker" in done.stdout
    assert "copies" not in mien("corpora", "check", "emodb", "--root", few_clips, "--no-audio").stdout


def test_a_table_and_class_folders_of_somebodys_own_can_be_checked(mien, few_clips, tmp_path) -> None:
    table = few_clips / "labels.csv"
    clips = sorted((few_clips / "audio").glob("*.flac"))
    rows = [f"audio/{one.name},{'joy' if one.stem[5] == 'F' else 'rage'},{one.stem[:2]}" for one in clips]
    table.write_text("file,mood,speaker\n" + "\n".join(rows) + "\n", encoding="utf-8")
    done = mien("corpora", "check", table, "--column", "label=mood", "--no-audio")
    assert "5 segments in 2 classes, 2 (`joy`) to 3 (`rage`)" in done.stdout
    assert "2 speakers with 2 to 3 segments" in done.stdout
    for one in clips:
        target = tmp_path / "sorted" / ("joy" if one.stem[5] == "F" else "rage") / one.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(one, target)
    folders = mien("corpora", "check", tmp_path / "sorted", "--speaker", r"^(\d\d)", "--no-audio")
    assert "2 speakers with 2 to 3 segments" in folders.stdout


@pytest.fixture
def audformat_database(few_clips):
    """Return an audformat database of real clips with emotions, speakers, sexes and a yes or no."""
    import audformat

    made = audformat.Database("berlin", source="made up", languages=["deu"], usage="research")
    made.schemes["emotion"] = audformat.Scheme(labels=["joy", "rage"])
    made.schemes["laughs"] = audformat.Scheme("bool")
    people = {"03": {"gender": "male"}, "08": {"gender": "female"}}
    made.schemes["speaker"] = audformat.Scheme("str", labels=people)
    clips = sorted((few_clips / "audio").glob("*.flac"))
    index = audformat.filewise_index([f"audio/{one.name}" for one in clips])
    made["emotion"] = audformat.Table(index)
    columns = {
        "emotion": ["joy" if one.stem[5] == "F" else "rage" for one in clips],
        "speaker": [one.stem[:2] for one in clips],
        "laughs": [one.stem[5] == "F" for one in clips],
    }
    for name, values in columns.items():
        made["emotion"][name] = audformat.Column(scheme_id=name)
        made["emotion"][name].set(values)
    made.save(str(few_clips), storage_format="csv")
    return few_clips


def test_an_audformat_database_can_be_checked(mien, audformat_database) -> None:
    done = mien("corpora", "check", audformat_database)
    assert done.returncode == 1
    assert done.stdout.splitlines()[0] == "berlin"
    assert "5 segments in 2 classes, 2 (`joy`) to 3 (`rage`)" in done.stdout
    assert "1 female (3 segments), 1 male (2 segments)" in done.stdout
    assert "copies differ in label, speaker" in done.stdout
    chosen = ("--column", "table=emotion", "--column", "label=laughs", "--no-audio")
    done = mien("corpora", "check", audformat_database, *chosen)
    assert "5 segments in 1 class of 2" in done.stdout


def test_a_broken_audformat_database_is_one_line_and_exit_code_2(mien, audformat_database) -> None:
    done = mien("corpora", "check", audformat_database, "--column", "lable=emotion", "--no-audio")
    assert "expected table or label." in done.stderr
    (audformat_database / "db.emotion.csv").unlink()
    done = mien("corpora", "check", audformat_database)
    assert done.returncode == 2
    assert "Got no `db.emotion.parquet` or `db.emotion.csv`" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["check", "emodbb"], "Did you mean `emodb`"),
        (["check", "emodb"], "without its folder; pass --root"),
        (["check", "emodb", "--root", "nowhere"], "not a folder"),
        (["chek"], "Did you mean `check`"),
        (["check", "t.csv", "--column", "mood"], "expected <use>=<column>"),
        (["card", "emodbb", "--root", "."], "Did you mean `emodb`"),
        (["card", "emodb", "--root", ".", "--out", "card.pdf"], "ending in .md or .html"),
        (["card", "emodb", "--root", "nowhere"], "not a folder"),
        (["raters", "emodb"], "without its folder; pass --root"),
        (["raters", "t.csv"], "without `segment`"),
        (["raters", "nemo", "--root", "."], "no single raters' answers are published"),
    ],
)
def test_a_usage_error_is_one_line_and_exit_code_2(mien, tmp_path, words, message) -> None:
    (tmp_path / "t.csv").write_text("file,mood\n", encoding="utf-8")
    done = mien("corpora", *words)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_a_card_is_printed_or_written_as_a_page(mien, data_root, tmp_path) -> None:
    words = ("corpora", "card", "emodb", "--root", data_root / "emodb", "--no-audio")
    done = mien(*words)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("# Berlin Database of Emotional Speech (EmoDB)\n")
    assert "## What may not be concluded" in done.stdout
    assert mien(*words, "--out", "card.md").stdout == ""
    assert (tmp_path / "card.md").read_text(encoding="utf-8") == done.stdout
    mien(*words, "--out", "card.html")
    assert (tmp_path / "card.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_raters_are_printed_and_written_as_page_and_record(mien, data_root, tmp_path) -> None:
    words = ("corpora", "raters", "emodb", "--root", data_root / "emodb", "--draws", "20")
    done = mien(*words, "--out", "raters")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Krippendorff's alpha, nominal" in done.stdout
    assert "(1) Got 20 to 21 ratings an item" in done.stdout
    page = (tmp_path / "raters" / "raters.md").read_text(encoding="utf-8")
    assert "mien corpora raters emodb --root FOLDER --every 1 --draws 20 --seed 0" in page
    record = json.loads((tmp_path / "raters" / "raters.json").read_text(encoding="utf-8"))
    assert [one["name"] for one in record] == ["emodb recognized", "emodb natural"]


def test_raters_of_ones_own_table_are_studied(mien, tmp_path) -> None:
    answers = {"x": "joy", "y": "joy", "z": "fear"}
    rows = [f"s{number},mood,{who},{mood}" for number in range(30) for who, mood in answers.items()]
    rows = [row.replace("joy", "fear") if row.startswith(("s1", "s2")) else row for row in rows]
    (tmp_path / "mine.csv").write_text("segment,target,rater,value\n" + "\n".join(rows), encoding="utf-8")
    done = mien("corpora", "raters", "mine.csv", "--json", "--draws", "20")
    assert (done.returncode, done.stderr) == (0, "")
    study = json.loads(done.stdout)
    assert study["name"] == "mine mood"
    assert study["raters"][0]["rater"] == "z"
    assert {one["first"] for one in study["gold"]} == {"majority"}


def test_without_words_its_verbs_are_shown(mien) -> None:
    done = mien("corpora")
    assert done.returncode == 0
    assert "list" in done.stdout
    assert "check" in done.stdout
