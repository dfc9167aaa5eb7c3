"""A real Chromium opens the report: cursor, keyboard, phone, dark mode, no network."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mien.reports.affect_report import write_report, write_reports

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = os.environ.get("MIEN_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"]
if not CHROMIUM:
    pytest.skip("no chromium on PATH; install it or set MIEN_CHROMIUM", allow_module_level=True)


@pytest.fixture(scope="module")
def browser() -> Iterator:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as engines:
        opened = engines.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS, timeout=180_000)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(os.environ.get("MIEN_SCREENSHOTS") or tmp_path_factory.mktemp("screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def talk(data_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return half a minute of real speech."""
    clips = sorted((data_root / "ravdess_speech" / "audio").glob("*.flac"))[:8]
    if len(clips) < 8:
        pytest.skip(f"no RAVDESS recordings under {data_root}")
    rate_hz = soundfile.info(clips[0]).samplerate
    path = tmp_path_factory.mktemp("talk") / "session 3.wav"
    soundfile.write(path, np.concatenate([soundfile.read(clip)[0] for clip in clips]), rate_hz)
    return path


@pytest.fixture(scope="module")
def report(made, talk: Path) -> Path:
    table = made.table(talk.name, segments=8)
    row = made.row(talk.name, table, duration_s=soundfile.info(talk).duration)
    return write_report(talk.parent / "report.html", table, row, model=made.model(), run=made.RUN, media=talk)


class Opened:
    """A page with everything it asked for and complained of."""

    def __init__(self, browser, path: Path, **options) -> None:
        self.page = browser.new_page(**options)
        self.page.set_default_timeout(120_000)
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda said: self.complaints.append(said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(path.as_uri())
        wait_until(
            self.page, "[...document.querySelectorAll('audio')].slice(0, 1).every((a) => a.readyState > 0)"
        )


@pytest.fixture
def opened(browser, report: Path) -> Iterator[Opened]:
    one = Opened(browser, report, viewport={"width": 1200, "height": 900})
    yield one
    one.page.close()


def wait_until(page, expression: str) -> None:
    """Poll from outside: the page's own policy forbids it to evaluate strings."""
    for _ in range(2400):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(25)
    raise AssertionError(f"{expression} never became true")


def cursor_share(page) -> float:
    return page.evaluate("parseFloat(document.querySelector('.cursor').style.left) / 100")


def test_the_page_asks_for_nothing_and_complains_of_nothing(opened: Opened, report: Path) -> None:
    opened.page.locator(".play").click()
    wait_until(opened.page, "document.querySelector('audio').currentTime > 0.3")
    asked = [url for url in opened.requests if not url.startswith("data:")]
    assert asked == [report.as_uri()]
    assert opened.complaints == []


def test_the_cursor_moves_while_the_sound_plays(opened: Opened) -> None:
    assert cursor_share(opened.page) == 0
    opened.page.locator(".play").click()
    wait_until(opened.page, "parseFloat(document.querySelector('.cursor').style.left) > 2")
    opened.page.locator(".play").click()
    heard = opened.page.evaluate("document.querySelector('audio').currentTime")
    total = float(opened.page.locator(".recording").get_attribute("data-duration"))
    wait_until(opened.page, "document.querySelector('audio').paused")
    assert cursor_share(opened.page) == pytest.approx(heard / total, abs=0.05)


def test_sound_and_timeline_are_equally_long(opened: Opened) -> None:
    heard = opened.page.evaluate("document.querySelector('audio').duration")
    total = float(opened.page.locator(".recording").get_attribute("data-duration"))
    assert heard == pytest.approx(total, abs=0.15)


def test_cursor_row_and_words_follow_the_position(opened: Opened) -> None:
    opened.page.evaluate("document.querySelector('audio').currentTime = 8")
    wait_until(opened.page, "document.querySelector('tr[aria-current]')")
    total = float(opened.page.locator(".recording").get_attribute("data-duration"))
    assert cursor_share(opened.page) == pytest.approx(8 / total, abs=0.001)
    row = opened.page.locator("tr[aria-current]")
    assert row.count() == 1
    assert float(row.get_attribute("data-s")) <= 8 < float(row.get_attribute("data-e"))
    assert "%" in opened.page.locator(".now").inner_text()
    assert opened.page.locator(".seek").get_attribute("aria-valuetext").startswith("0:08, ")


def test_the_keyboard_seeks_and_plays(opened: Opened) -> None:
    page = opened.page
    position = "document.querySelector('audio').currentTime"
    page.locator(".seek").focus()
    for key, expected in [
        ("ArrowRight", 1),
        ("ArrowRight", 2),
        ("ArrowLeft", 1),
        ("PageDown", 3.75),
        ("Home", 0),
    ]:
        page.keyboard.press(key)
        assert page.evaluate(position) == pytest.approx(expected, abs=0.02), key
    page.keyboard.press("End")
    assert cursor_share(page) == pytest.approx(1, abs=1e-3)
    page.keyboard.press("Home")
    page.keyboard.press(" ")
    wait_until(page, "!document.querySelector('audio').paused")
    page.keyboard.press(" ")
    wait_until(page, "document.querySelector('audio').paused")


def test_focus_can_be_seen(opened: Opened) -> None:
    opened.page.keyboard.press("Tab")
    for selector in (".seek", ".play", "nav a", "tr[data-s] button"):
        target = opened.page.locator(selector).first
        target.focus()
        opened.page.keyboard.press("Shift+Tab")
        opened.page.keyboard.press("Tab")
        width = target.evaluate("(node) => parseFloat(getComputedStyle(node).outlineWidth)")
        assert width >= 2, selector


def test_clicks_on_timeline_and_rows_seek(opened: Opened) -> None:
    page = opened.page
    page.locator(".seek").scroll_into_view_if_needed()
    box = page.locator(".seek").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 60)
    assert cursor_share(page) == pytest.approx(0.5, abs=0.01)
    row = page.locator("tr[data-s]").nth(4)
    row.locator("td").nth(1).click()
    assert row.get_attribute("aria-current") == "true"
    assert page.evaluate("document.querySelector('audio').paused")
    row.locator("button").click()
    wait_until(page, "!document.querySelector('audio').paused")


@pytest.mark.parametrize("width", [360, 768])
def test_narrow_pages_do_not_scroll_sideways(browser, report: Path, screenshots: Path, width: int) -> None:
    one = Opened(browser, report, viewport={"width": width, "height": 740}, has_touch=True)
    widths = one.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    one.page.screenshot(path=screenshots / f"report-{width}.png", full_page=True)
    one.page.close()
    assert widths[0] <= widths[1] == width


def test_dark_mode_changes_the_colors(browser, report: Path, screenshots: Path) -> None:
    seen = {}
    for scheme in ("light", "dark"):
        one = Opened(browser, report, color_scheme=scheme, viewport={"width": 1200, "height": 900})
        seen[scheme] = one.page.evaluate(
            "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color,"
            " getComputedStyle(document.querySelector('path.fill')).fill]"
        )
        one.page.locator(".seek").focus()
        one.page.keyboard.press("PageDown")
        one.page.screenshot(path=screenshots / f"report-{scheme}.png", full_page=True)
        one.page.close()
    assert all(light != dark for light, dark in zip(seen["light"], seen["dark"], strict=True))


def test_without_script_the_browsers_own_player_remains(browser, report: Path) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.goto(report.as_uri())
    assert page.locator("audio[controls]").is_visible()
    assert not page.locator(".play").is_visible()
    page.close()


def test_a_linked_recording_plays_from_its_own_file(browser, made, talk: Path, tmp_path: Path) -> None:
    table = made.table(talk.name, segments=8)
    row = made.row(talk.name, table, duration_s=700.0)
    path = write_report(tmp_path / "linked.html", table, row, model=made.model(), run=made.RUN, media=talk)
    one = Opened(browser, path)
    one.page.locator(".play").click()
    wait_until(one.page, "document.querySelector('audio').currentTime > 0.1")
    assert "original file" in one.page.locator(".recording").inner_text()
    assert one.complaints == []
    one.page.close()


def test_hostile_names_run_nothing(browser, made, tmp_path: Path) -> None:
    name = "<img src=x onerror=console.log(1)><script>console.log(2).wav"
    table = made.table(name)
    path = write_report(
        tmp_path / "a.html", table, made.row(name, table), model=made.model(name=name), run={}, media=None
    )
    one = Opened(browser, path)
    assert one.page.locator("h1").inner_text() == name
    assert one.complaints == []
    one.page.close()


def test_an_index_opens_its_recordings_one_playing_at_a_time(
    browser, made, talk: Path, tmp_path: Path, screenshots: Path
) -> None:
    import pandas as pd

    tables = [made.table(f"{index}.wav", segments=8, seed=index) for index in range(2)]
    files = pd.DataFrame(
        [made.row(f"{index}.wav", table, duration_s=29.0) for index, table in enumerate(tables)]
        + [made.row("hush.wav", made.table(segments=0), note="No speech found.")]
    )
    failures = pd.DataFrame([{"file": "text.wav", "reason": "Got text, expected audio."}])
    media = {f"{index}.wav": talk for index in range(2)}
    path = write_reports(
        tmp_path, pd.concat(tables), files, failures, model=made.model(), run=made.RUN, media=media
    )
    one = Opened(browser, path, viewport={"width": 1200, "height": 900})
    one.page.screenshot(path=screenshots / "index.png", full_page=True)
    for index in (0, 1):
        one.page.locator(".play").nth(index).click()
        wait_until(one.page, f"!document.querySelectorAll('audio')[{index}].paused")
    assert one.page.evaluate("document.querySelectorAll('audio')[0].paused")
    assert one.complaints == []
    one.page.close()
