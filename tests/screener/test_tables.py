"""The table without a database: order, filters, writing, packing, comparing."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from screener.compare import compare
from screener.packing import pack, unpack
from screener.screens import Column, Kind, Row, Screen, register
from screener.tables import Limit, View, arrange, bands, cell, shown_columns, write_csv, written
from tests.screener.screens import COLUMNS, KAKAO, NAVER, SAMSUNG, Source, VolumeForm


@pytest.fixture
def screen() -> Screen:
    return Screen("x", "x", "", COLUMNS, VolumeForm, Source().fetch, "x")


def names(rows):
    return [row["name"] for row in rows]


ROWS = [SAMSUNG, KAKAO, NAVER]


def test_rows_keep_the_sources_order_until_they_are_sorted(screen):
    assert names(arrange(screen, ROWS, View())) == ["삼성전자", "카카오", "NAVER"]
    assert names(arrange(screen, ROWS, View(sort="volume", down=True))) == ["카카오", "삼성전자", "NAVER"]
    assert names(arrange(screen, ROWS, View(sort="name"))) == ["NAVER", "삼성전자", "카카오"]


@pytest.mark.parametrize("down", [True, False])
def test_what_is_unknown_comes_last(screen, down):
    rows = [{**KAKAO, "volume": None}, SAMSUNG, NAVER]
    assert names(arrange(screen, rows, View(sort="volume", down=down)))[-1] == "카카오"


@pytest.mark.parametrize(
    ("view", "left"),
    [
        (View(text="카카"), ["카카오"]),
        (View(text="0357"), ["카카오"]),
        (View(text="ㅅㅅ"), ["삼성전자"]),
        (View(text="naver"), ["NAVER"]),
        (View(limits={"price": Limit(least=Decimal(60_000))}), ["삼성전자", "NAVER"]),
        (View(limits={"price": Limit(Decimal(60_000), Decimal(70_000))}), ["삼성전자"]),
        (View(limits={"rate": Limit(most=Decimal("-2.25"))}), ["카카오"]),
        (View(limits={"name": Limit(has="전자")}), ["삼성전자"]),
        (View(limits={"note": Limit(has="무엇")}), []),
    ],
)
def test_filters(screen, view, left):
    assert names(arrange(screen, ROWS, view)) == left


def test_an_unknown_figure_passes_no_limit(screen):
    view = View(limits={"volume": Limit(least=Decimal(0))})
    assert arrange(screen, [{**KAKAO, "volume": None}], view) == []


def test_columns_are_chosen_in_the_screens_order(screen):
    assert [column.key for column in shown_columns(screen, View())] == [
        "symbol",
        "name",
        "price",
        "rate",
        "volume",
    ]
    chosen = shown_columns(screen, View(columns=("note", "name")))
    assert [column.key for column in chosen] == ["name", "note"]


def test_groups_are_tinted_together(screen):
    assert [(band.label, len(band.columns), band.tint) for band in bands(screen.columns)] == [
        ("", 2, 0),
        ("시세", 2, 1),
        ("", 2, 0),
    ]


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (Kind.WON, 70_000, "70,000"),
        (Kind.CHANGE, Decimal(-500), "▼ −500"),
        (Kind.RATE, Decimal("1.5"), "+1.50%"),
        (Kind.RATE, -0.5, "−0.50%"),
        (Kind.PERCENT, Decimal("12.345"), "12.34%"),
        (Kind.RATIO, 1.5, "1.50"),
        (Kind.COUNT, 1_234_567, "1,234,567"),
        (Kind.FLOW, 300, "+300"),
        (Kind.DATE, date(2026, 11, 20), "2026-11-20"),
        (Kind.TIME, datetime(2026, 11, 20, 0, 5, tzinfo=UTC), "11-20 09:05"),
        (Kind.FLAG, True, "예"),
        (Kind.TEXT, "", "–"),
        (Kind.WON, None, "–"),
    ],
)
def test_values_are_written_as_traders_read_them(kind, value, text):
    assert written(Column("x", "x", kind), value) == text


def test_a_changed_value_shows_what_it_was(screen):
    moved = cell(COLUMNS[2], SAMSUNG, {**SAMSUNG, "price": 69_000})
    assert (moved.text, moved.was) == ("70,000", "69,000")
    assert "cell-moved" in moved.css
    assert cell(COLUMNS[2], SAMSUNG, SAMSUNG).was == ""


def test_links_quote_what_a_source_said():
    column = Column("theme", "테마", Kind.TEXT, link="/find/judal/?theme={theme}")
    assert (
        cell(column, {"theme": "2차전지&x=1"}).link
        == "/find/judal/?theme=2%EC%B0%A8%EC%A0%84%EC%A7%80%26x%3D1"
    )
    assert cell(column, {"theme": None}).link == ""


def test_csv_holds_plain_numbers_and_runs_no_formula(screen):
    text = write_csv(shown_columns(screen, View()), [SAMSUNG, {**KAKAO, "name": "=cmd()"}])
    lines = text.splitlines()
    assert lines[0] == "종목코드,종목명,시세 현재가,시세 등락률,거래량"
    assert lines[1] == "005930,삼성전자,70000,1.5,900"
    assert lines[2].split(",")[1] == "'=cmd()"


def test_rows_come_back_from_the_database_as_they_went():
    rows: list[Row] = [
        {"a": 1, "b": Decimal("1.50"), "c": "글", "d": date(2026, 1, 2), "e": True, "f": None, "g": 0.25},
        {"a": Decimal("2.5"), "b": None, "c": "", "d": None, "e": False, "f": None, "g": None},
        {"a": 3, "b": Decimal(0), "c": "x", "d": date(2026, 1, 3), "e": None, "f": None, "g": 1.0},
    ]
    back = unpack(pack(rows))
    assert back == rows
    assert [[type(value) for value in row.values()] for row in back] == [
        [type(value) for value in row.values()] for row in rows
    ]
    assert unpack(pack([])) == []


def test_no_column_holds_a_list():
    with pytest.raises(TypeError, match="list"):
        pack([{"a": [1]}])  # type: ignore[dict-item]


def test_two_results_side_by_side(screen):
    found = compare(screen, before=[SAMSUNG, KAKAO], now=[{**SAMSUNG, "price": 71_000}, NAVER])
    assert names(found.entered) == ["NAVER"]
    assert names(found.left) == ["카카오"]
    assert [(one.now["price"], one.before["price"], one.columns) for one in found.changed] == [
        (71_000, 70_000, ("price",))
    ]
    assert compare(screen, [SAMSUNG], [SAMSUNG]).same == 1


def test_a_screen_is_registered_once_and_whole(screen):
    with pytest.raises(ValueError, match="listed"):
        register(Screen("listed", "x", "", COLUMNS, VolumeForm, Source().fetch, "x"))
    with pytest.raises(ValueError, match="identity"):
        Screen("y", "x", "", COLUMNS, VolumeForm, Source().fetch, "x", identity=("theme",))
