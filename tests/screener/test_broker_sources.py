"""The screens of KIS's and LS's lists: each asked from the paper broker, through its form."""

from decimal import Decimal

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from brokers.terms import Server
from lucy.errors import LucyError
from screener import questions, screens
from screener.services import results
from screener.services.results import Question
from tests.factories import make_account, make_demo_account, make_user

pytestmark = pytest.mark.django_db
KIS = ("kis-foreign", "kis-book-rank", "kis-after-hours-rank", "kis-opinion", "kis-groups", "kis-watch")
KIS_SCREENS = (*KIS, "kis-conditions", "kis-condition")
LS_SCREENS = tuple(
    f"ls-{name}"
    for name in (
        *("rate", "volume", "surge", "value", "after-hours-rate"),
        *("after-hours-volume", "expected-volume", "expected-rate"),
    )
)


def ask(user, key, **asked):
    """What the screen answers to its form's first values with these over them."""
    screen = screens.get(key)
    data = QueryDict(mutable=True)
    for name, value in asked.items():
        data.setlist(name, value if isinstance(value, list) else [value])
    question = results.question(screen, user, data)
    assert isinstance(question, Question), question.errors
    return screen.fetch(user, question.form.cleaned_data)


def move(paper, code, percent):
    def change(broker):
        market = broker.market
        price = market.issue(code).base_price * (100 + percent) // 100
        market.set_price(code, price - price % market.tick(code, price))

    paper.call(change)


@pytest.mark.parametrize("key", [*KIS_SCREENS, *LS_SCREENS])
def test_every_screen_answers_its_first_question(paper, trader, account, ls_account, key):
    for code in ("005930", "000660"):
        move(paper, code, 5)
    screen = screens.get(key)
    result = ask(trader, key, **({"days": "30"} if key == "kis-opinion" else {}))
    assert result.rows
    assert result.complete
    known = {column.key for column in screen.columns} | {"symbol", "account", "rank"}
    assert set().union(*result.rows) - known <= {"change", "volume"}  # told, and shown nowhere
    shown = [column.key for column in screen.columns if not column.hidden]
    told = [key for key in shown if any(row.get(key) not in (None, "") for row in result.rows)]
    assert told == shown
    assert len({screen.identify(row) for row in result.rows}) == len(result.rows)


def test_a_page_and_its_table(paper, trader, account):
    web = Client()
    web.force_login(trader)
    page = web.get(reverse("screener:screen", args=["kis-watch"])).content.decode()
    assert "관심그룹" in page
    assert "성장주" in page
    table = web.get(f"{reverse('screener:result', args=['kis-watch'])}?asked=1&group=002").content.decode()
    assert "에코프로비엠" in table
    assert "삼성전자" not in table
    listed = web.get(f"{reverse('screener:result', args=['kis-groups'])}?asked=1").content.decode()
    assert f"/find/kis-watch/?account={account.pk}&amp;group=002" in listed


def test_the_gap_to_the_target(paper, trader, account):
    rows = ask(trader, "kis-opinion", days="30").rows
    row = next(row for row in rows if row["target"])
    assert row["upside"] == ((row["target"] - row["price"]) * 100 / row["price"]).quantize(Decimal("0.01"))
    assert abs(row["gap_rate"] - row["kis_gap_rate"]) <= Decimal("0.01")
    far = ask(trader, "kis-opinion", days="30", gap_at_most="-20").rows
    assert far
    assert all(row["gap_rate"] <= -20 for row in far)
    assert len(far) == sum(row["gap_rate"] is not None and row["gap_rate"] <= -20 for row in rows)
    firm = ask(trader, "kis-opinion", days="30", firm="삼성").rows
    assert {row["firm"] for row in firm} == {"삼성증권"}

    long = results.question(screens.get("kis-opinion"), trader, QueryDict("asked=1&days=90"))
    assert "days" in long.errors
    symbol = row["symbol"]
    one = ask(trader, "kis-opinion", days="30", symbol=symbol).rows
    assert [found["target"] for found in one] == [
        found["target"] for found in rows if found["symbol"] == symbol
    ]
    assert {found["price"] for found in one} == {row["price"]}


def test_foreigners_sell_what_they_do_not_buy(paper, trader, account):
    bought = ask(trader, "kis-foreign", investor="foreign", side="buy").rows
    sold = ask(trader, "kis-foreign", investor="foreign", side="sell").rows
    assert all(row["net_quantity"] > 0 for row in bought)
    assert all(row["foreign_amount"] <= 0 for row in sold)
    assert not {row["symbol"] for row in bought} & {row["symbol"] for row in sold}


def test_a_condition_is_chosen_by_its_name(paper, trader, account):
    move(paper, "005930", -5)
    assert [row["symbol"] for row in ask(trader, "kis-condition", condition="1").rows] == ["005930"]
    assert ask(trader, "kis-condition", condition="0").rows == []


def test_a_group_of_nobody_is_a_wrong_question(paper, trader, account):
    screen = screens.get("kis-watch")
    form = results.question(screen, trader, QueryDict("asked=1&group=999"))
    assert not isinstance(form, Question)
    assert "group" in form.errors


def test_rankings_take_their_filters(paper, trader, ls_account):
    move(paper, "005930", 5)
    move(paper, "000660", -3)
    up = ask(trader, "ls-rate")
    assert [row["symbol"] for row in up.rows] == ["005930"]
    assert [row["symbol"] for row in ask(trader, "ls-rate", direction="down").rows] == ["000660"]
    assert ask(trader, "ls-rate", price_from="500000").rows == []
    some = ask(trader, "ls-value", most="20")
    assert len(some.rows) == 20
    assert "20종목" in some.notes[0]
    everything = ask(trader, "ls-value", most="0", asked="1", market="", venue="krx")
    assert len(everything.rows) == paper.call(lambda broker: len(broker.market.issues))
    assert everything.notes == ()


def test_each_asks_with_an_account_of_their_own(paper, trader, account):
    """Nobody's key serves another; KIS's paper server lists nothing; another's account is a wrong one."""
    stranger = make_user("lee", groups=("trader",))
    for key in ("kis-foreign", "ls-value"):
        with pytest.raises(LucyError, match="계좌가 있어야"):
            ask(stranger, key)
    make_demo_account("kis", stranger, server=Server.PAPER)
    with pytest.raises(LucyError, match="실전 계좌"):
        ask(stranger, "kis-groups")
    other = make_account(stranger)
    form = results.question(screens.get("kis-groups"), trader, QueryDict(f"asked=1&account={other.pk}"))
    assert not isinstance(form, Question)


def test_a_refusal_keeps_the_brokers_words(paper, trader):
    make_demo_account("kis", trader).__class__.objects.update(hts_id="")
    with pytest.raises(LucyError, match="HTS ID") as refusal:
        ask(trader, "kis-groups")
    assert refusal.value.code == "broker_refused"


def test_a_question_is_a_sentence(trader, paper, ls_account):
    question = results.question(
        screens.get("ls-rate"), trader, QueryDict("asked=1&market=kospi&direction=down&most=100&venue=krx")
    )
    assert questions.sentence(question.form) == "시장 코스피 · 방향 하락 · 거래소 KRX · 건수 100종목"
