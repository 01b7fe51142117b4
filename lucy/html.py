"""Reading someone's page: one(), many(), text(); PageChanged when it is not what it was.

Such pages are HTML 4.01 of many hands: mixed-case tags, unquoted attributes, unclosed <b>, tables
four to six deep. lxml reads them as browsers do. What it would also mend in silence is a page that was cut in
the middle, so `document` looks for its end first.
"""

import re
from typing import Any

from lxml import etree

DECLARED = re.compile(rb"charset\s*=\s*[\"']?\s*([-\w]+)", re.IGNORECASE)
ENDED = re.compile(r"</html\s*>", re.IGNORECASE)
FRAGMENT_ENDED = re.compile(r"</table\s*>\s*\Z", re.IGNORECASE)
WHOLE = re.compile(r"<html\b", re.IGNORECASE)
TAIL = 4_000  # characters in which a page's end is looked for first: what stands behind it is short
IN_BRACKETS = re.compile(r"\([^()]*\)")
PARTS = frozenset({"thead", "tbody", "tfoot"})
NO_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # lxml reads them, never writes them
HEAD_BYTES = 2048
MOST_BAD_SHARE = 0.002  # single bad bytes are met in visitors' posts; more is another encoding
FEW_BAD = 3


Node = etree._Element
_words: Any = etree.XPath("string()", smart_strings=False)


class PageChanged(Exception):
    """The page is not what its parser knows; the text names what was missing or odd."""


class reading:  # noqa: N801  (reads as a word in `with`)
    """Name the place in which something could not be read."""

    __slots__ = ("what",)

    def __init__(self, what: str) -> None:
        self.what = what

    def __enter__(self) -> None:
        """Nothing to prepare: this stands around every value of a page."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, PageChanged):
            raise PageChanged(f"{self.what}: {error}") from error


def decode(body: bytes, undeclared: str = "cp949") -> str:
    """A page's bytes as text: cp949 (the superset of the declared EUC-KR), or UTF-8 where it says so.

    A single bad byte becomes U+FFFD; a page that is full of them is in another encoding and raises.
    """
    declared = DECLARED.search(body[:HEAD_BYTES])
    named = declared[1].lower() if declared else undeclared.encode()
    encoding = "utf-8" if named in {b"utf-8", b"utf8"} else "cp949"
    page = body.decode(encoding, "replace")
    bad = page.count("\ufffd")
    if bad > max(FEW_BAD, len(page) * MOST_BAD_SHARE):
        raise PageChanged(f"{bad} of {len(page)} characters are not {encoding}")
    return page


def document(page: str) -> Node:
    """The page's tree; raises when the page ends before its end, or is no page at all."""
    start = page.lstrip("\ufeff \t\r\n")
    if not start.startswith("<"):
        raise PageChanged(f"no HTML, it begins with {start[:40]!r}")
    if not _ended(page):
        raise PageChanged("the page was cut: its end is missing")
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
    try:
        tree = etree.fromstring(NO_TEXT.sub("\ufffd", page).encode("utf-8", "replace"), parser=parser)
    except etree.LxmlError as error:
        raise PageChanged(f"no HTML: {error}") from error
    if tree is None:
        raise PageChanged("no HTML: nothing in it")
    for line_break in tree.iter("br"):
        line_break.tail = " " + NO_TEXT.sub("\ufffd", line_break.tail or "")  # &#1; gets this far
    return tree


def _ended(page: str) -> bool:
    """A whole page ends in </html>; a copied part of one in </table>."""
    if ENDED.search(page[-TAIL:]):
        return True
    return bool(ENDED.search(page) if WHOLE.search(page) else FRAGMENT_ENDED.search(page[-TAIL:]))


def many(node: Node, path: str) -> list[Node]:
    found: list[Node] = node.xpath(path)  # type: ignore[assignment]
    return found


def one(node: Node, path: str) -> Node:
    """The only element there is; none or several raise."""
    found = many(node, path)
    if len(found) != 1:
        raise PageChanged(f"{len(found)} elements at {path}")
    return found[0]


def table(tree: Node, summary: str) -> Node:
    """The table of that summary, however its blanks are written."""
    wanted = compact(summary)
    found = [node for node in tree.iter("table") if compact(node.get("summary") or "") == wanted]
    if len(found) != 1:
        raise PageChanged(f"{len(found)} tables '{summary}'")
    return found[0]


def text(node: Node) -> str:
    """What a reader sees, with single blanks; a line break is a blank."""
    words: str = _words(node) if len(node) else node.text or ""
    return " ".join(words.split())


def links(node: Node) -> list[str]:
    """The addresses that its links lead to."""
    return [link.get("href", "") for link in node.iter("a")]


def compact(words: str) -> str:
    """Without any white space (str.split knows U+00A0)."""
    return "".join(words.split())


def label(words: str) -> str:
    """A heading to compare with: no white space, no `(원)`, `(예정)`, `(신문)` behind it."""
    return IN_BRACKETS.sub("", compact(words)).rstrip(":")


def rows(table_node: Node) -> list[Node]:
    """The table's own rows, none of a table inside it."""
    found: list[Node] = []
    for child in table_node:
        found += child.findall("tr") if child.tag in PARTS else [child] if child.tag == "tr" else []
    return found


def cells(row: Node) -> list[Node]:
    return [child for child in row if child.tag in {"td", "th"}]
