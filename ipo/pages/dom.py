"""Reading a page: one(), many(), text(); PageChanged when it is not what it was.

The source's pages are HTML 4.01 of many hands: mixed-case tags, unquoted attributes, unclosed <b>, tables
four to six deep. lxml reads them as browsers do. What it would also mend in silence is a page that was cut in
the middle, so `document` looks for its end first.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from lxml import html
from lxml.etree import LxmlError
from lxml.html import HtmlElement

DECLARED = re.compile(rb"charset\s*=\s*[\"']?\s*([-\w]+)", re.IGNORECASE)
ENDED = re.compile(r"</html\s*>")
FRAGMENT_ENDED = re.compile(r"</table\s*>\s*\Z")
HEAD_BYTES = 2048
MOST_BAD_SHARE = 0.002  # single bad bytes are met in visitors' posts; more is another encoding
FEW_BAD = 3


class PageChanged(Exception):
    """The page is not what its parser knows; the text names what was missing or odd."""


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Name the place in which something could not be read."""
    try:
        yield
    except PageChanged as error:
        raise PageChanged(f"{what}: {error}") from error


def decode(body: bytes) -> str:
    """A page's bytes as text: cp949 (the superset of the declared EUC-KR), or UTF-8 where it says so.

    A single bad byte becomes U+FFFD; a page that is full of them is in another encoding and raises.
    """
    declared = DECLARED.search(body[:HEAD_BYTES])
    encoding = "utf-8" if declared and declared[1].lower() in {b"utf-8", b"utf8"} else "cp949"
    page = body.decode(encoding, "replace")
    bad = page.count("\ufffd")
    if bad > max(FEW_BAD, len(page) * MOST_BAD_SHARE):
        raise PageChanged(f"{bad} of {len(page)} characters are not {encoding}")
    return page


def document(page: str) -> HtmlElement:
    """The page's tree; raises when the page ends before its end, or is no page at all."""
    start = page.lstrip("\ufeff \t\r\n")
    if not start.startswith("<"):
        raise PageChanged(f"no HTML, it begins with {start[:40]!r}")
    if not _ended(page.lower()):
        raise PageChanged("the page was cut: its end is missing")
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
    try:
        tree = html.document_fromstring(page.replace("\0", "").encode("utf-8", "replace"), parser=parser)
    except LxmlError as error:
        raise PageChanged(f"no HTML: {error}") from error
    for line_break in tree.iter("br"):
        line_break.tail = f" {line_break.tail or ''}"
    return tree


def _ended(page: str) -> bool:
    """A whole page ends in </html>; a copied part of one in </table>."""
    if "<html" in page:
        return bool(ENDED.search(page, max(0, page.rfind("</html"))))
    return bool(FRAGMENT_ENDED.search(page, max(0, page.rfind("</table"))))


def many(node: HtmlElement, path: str) -> list[HtmlElement]:
    found: list[HtmlElement] = node.xpath(path)
    return found


def one(node: HtmlElement, path: str) -> HtmlElement:
    """The only element there is; none or several raise."""
    found = many(node, path)
    if len(found) != 1:
        raise PageChanged(f"{len(found)} elements at {path}")
    return found[0]


def table(tree: HtmlElement, summary: str) -> HtmlElement:
    """The table of that summary, however its blanks are written."""
    wanted = compact(summary)
    found = [node for node in tree.iter("table") if compact(node.get("summary", "")) == wanted]
    if len(found) != 1:
        raise PageChanged(f"{len(found)} tables '{summary}'")
    return found[0]


def text(node: HtmlElement) -> str:
    """What a reader sees, with single blanks; a line break is a blank."""
    return " ".join(node.text_content().split())


def compact(words: str) -> str:
    """Without any white space (str.split knows U+00A0)."""
    return "".join(words.split())


def label(words: str) -> str:
    """A heading to compare with: no white space, no `(원)`, `(예정)`, `(신문)` behind it."""
    return re.sub(r"\([^()]*\)", "", compact(words)).rstrip(":")


def rows(table_node: HtmlElement) -> list[HtmlElement]:
    """The table's own rows, none of a table inside it."""
    return many(table_node, "./tr | ./thead/tr | ./tbody/tr | ./tfoot/tr")


def cells(row: HtmlElement) -> list[HtmlElement]:
    return [child for child in row if child.tag in {"td", "th"}]
