"""The shell of every HTML report: one self-contained, escaped, offline page."""

import base64
import hashlib
import html
from functools import cache
from importlib import resources

from mien.reports.category_colors import color_of


def escape(value: object) -> str:
    """Return text that is safe in HTML content and quoted attributes.

    Example:
        >>> escape('<a "b">')
        '&lt;a &quot;b&quot;&gt;'
    """
    return html.escape(str(value), quote=True)


def shortened(text: str, most: int = 90) -> str:
    """Return text of at most `most` characters, its middle left out where it is longer.

    Example:
        >>> shortened("a" * 10 + "b" * 10, 9)
        'aaaa…bbbb'
    """
    half = (most - 1) // 2
    return text if len(text) <= most else f"{text[:half]}…{text[-half:]}"


@cache
def page_part(name: str) -> str:
    """Return a file that travels with this room, such as `report.css`."""
    return resources.files("mien.reports").joinpath(name).read_text(encoding="utf-8")


def category_style(categories: tuple[str, ...]) -> str:
    """Return the colors of `.c0`, `.c1` … for light and dark pages."""
    pairs = [color_of(name, position) for position, name in enumerate(categories)]
    light = "".join(f".c{k}{{--c:{pair[0]}}}" for k, pair in enumerate(pairs))
    dark = "".join(f".c{k}{{--c:{pair[1]}}}" for k, pair in enumerate(pairs))
    return f"{light}@media (prefers-color-scheme:dark){{@media screen{{{dark}}}}}"


def html_page(
    *, title: str, kicker: str, lead: str, nav: str, body: str, footer: str, style: str = ""
) -> str:
    """Return a whole page. All arguments but `title` are HTML and must be escaped already.

    Its content security policy allows no connection, and only this script.

    Args:
        title: plain text, heading and window title.
        kicker: a line above the heading.
        lead: what follows the heading.
        nav: list items with links into the page.
        body: sections.
        footer: closing lines.
        style: further rules, such as category colors.
    """
    script = page_part("report.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; "
        "media-src 'self' data: file:; base-uri 'none'; form-action 'none'"
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="mien">
<title>{escape(title)} – mien</title>
<style>{page_part("report.css")}{style}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the results</a>
<header><p class="kicker">{kicker}</p><h1>{escape(title)}</h1></header>
<nav aria-label="Contents"><ul>{nav}</ul></nav>
<main id="main">
{lead}
{body}
</main>
<footer>{footer}</footer>
<script>{script}</script>
</body>
</html>
"""
