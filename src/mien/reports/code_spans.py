"""Sentences with names between backticks, for Markdown and for pages."""

import re
from collections.abc import Callable

from mien.reports.evaluation_text import escape_markdown
from mien.reports.html_page import escape

_CODE = re.compile(r"(`[^`]+`)")


def markdown_sentence(text: str) -> str:
    r"""Escape a sentence for Markdown, but keep what stands between backticks as code.

    Example:
        >>> markdown_sentence("*not* `a_b*`")
        '\\*not\\* `a_b*`'
    """
    return _over_code(text, plain=escape_markdown, code=str)


def html_sentence(text: str) -> str:
    """Escape a sentence for HTML, with what stands between backticks as code.

    Example:
        >>> html_sentence("a<b, `x<y`")
        'a&lt;b, <code>x&lt;y</code>'
    """
    return _over_code(text, plain=escape, code=lambda span: f"<code>{escape(span[1:-1])}</code>")


def _over_code(text: str, *, plain: Callable[[str], str], code: Callable[[str], str]) -> str:
    """Draw the parts of a sentence between backticks by `code`, and the others by `plain`."""
    found = []
    for part in _CODE.split(text):
        if _CODE.fullmatch(part):
            found.append(code(part))
        elif part.strip():
            # the writers of single lines drop the spaces at the ends, which here stand before and after code
            lead, tail = part[: len(part) - len(part.lstrip())], part[len(part.rstrip()) :]
            found.append(lead + plain(part.strip()) + tail)
        else:
            found.append(part)
    return "".join(found)
