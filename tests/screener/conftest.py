"""Screens for tests; imported late, because this file is read before Django is set up."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from screener.screens import Screen
    from tests.screener.screens import Source


@pytest.fixture
def source() -> "Source":
    """Three stocks, unless the test says otherwise."""
    from tests.screener.screens import KAKAO, NAVER, SAMSUNG, Source

    return Source([SAMSUNG, KAKAO, NAVER])


@pytest.fixture
def screen(source: "Source") -> "Iterator[Screen]":
    from tests.screener.screens import registered

    with registered(source) as made:
        yield made
