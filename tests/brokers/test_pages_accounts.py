"""An account's page and all accounts together, also when a broker is silent or talks rubbish."""

import pytest
from django.urls import reverse

from brokers.models import OrderStatus
from brokers.paper.faults import Action, Rule
from brokers.services import answers
from tests.brokers.test_pages import signed_in
from tests.factories import make_account, make_order, make_user

pytestmark = pytest.mark.django_db


def text_of(user, name, *args):
    answer = signed_in(user).get(reverse(f"brokers:{name}", args=args))
    assert answer.status_code == 200
    return answer.content.decode()


def fault(paper, action, **details):
    paper.call(lambda running: running.faults.add(Rule(action, times=None, **details)))


def heal(paper):
    paper.call(lambda running: running.faults.clear())


@pytest.mark.parametrize("broker", ["kis", "ls"])
def test_both_brokers_fill_the_same_page(paper, account, ls_account, trader, broker):
    one = {"kis": account, "ls": ls_account}[broker]
    part = text_of(trader, "account-balance", one.pk)
    for words in (
        "예수금",
        "D+2",
        "주문가능현금",
        "평가손익",
        "비용 후 손익",
        "삼성전자",
        "비중",
        "1주당",
        "59.",
    ):
        assert words in part
    assert ("계좌 요율로 추정" in part) is (broker == "kis")  # LS tells fee and tax itself
    assert (reverse("brokers:account-realised", args=[one.pk]) in part) is (broker == "kis")
    assert ">0<" in text_of(trader, "account-realised", one.pk)


def test_the_page_asks_no_broker_and_shows_the_open_orders(account, ls_account, trader):
    open_one = make_order(account, trader, status=OrderStatus.ACCEPTED, broker_order_no="1")
    make_order(account, trader, status=OrderStatus.FILLED, broker_order_no="2", name="끝난 종목")
    make_order(ls_account, trader, status=OrderStatus.ACCEPTED, broker_order_no="3", name="다른 계좌")
    page = text_of(trader, "account", account.pk)
    assert reverse("brokers:cancel", args=[open_one.pk]) in page
    assert "전부 취소" in page
    assert "끝난 종목" not in page
    assert "다른 계좌" not in page


@pytest.mark.parametrize("name", ["account", "account-balance", "account-realised"])
def test_another_traders_account_is_not_found(trader, name):
    hidden = make_account(make_user())
    assert signed_in(trader).get(reverse(f"brokers:{name}", args=[hidden.pk])).status_code == 404


def test_rubbish_from_a_broker_leaves_its_last_figures_with_their_age(paper, account, ls_account, trader):
    text_of(trader, "holdings-together")
    fault(paper, Action.ANSWER, broker="kis", status=200, body='{"rt_cd": "0", "output1": 7}')
    part = text_of(trader, "account-balance", account.pk)
    assert "잔고를 받지 못했습니다" in part
    assert "읽을 수 없습니다" in part
    assert "삼성전자" in part
    assert "다시 묻기" in part
    whole = text_of(trader, "holdings-together")
    assert "숫자로 더했습니다" in whole
    assert "232,1" in whole  # both accounts, the silent one with its last figures
    heal(paper)
    assert "받지 못했습니다" not in text_of(trader, "account-balance", account.pk)


def test_a_slow_broker_is_waited_for_by_the_part_and_not_by_the_page(
    paper, account, ls_account, trader, monkeypatch
):
    monkeypatch.setattr(answers, "PATIENCE_SECONDS", 0.1)
    fault(paper, Action.DELAY_REPLY, broker="kis", seconds=1.0)
    part = text_of(trader, "account-balance", account.pk)
    assert "답을 기다리고 있습니다" in part
    assert 'hx-trigger="load delay:2s"' in part
    monkeypatch.setattr(answers, "PATIENCE_SECONDS", 30.0)
    heal(paper)
    assert "삼성전자" in text_of(trader, "account-balance", account.pk)


def test_a_broker_that_never_answered_is_named_and_left_out(paper, account, ls_account, trader):
    fault(paper, Action.ANSWER, broker="ls", status=503)
    whole = text_of(trader, "holdings-together")
    assert "합계에 없습니다" in whole
    assert "1개 계좌 빠짐" in whole
    assert "116,0" in whole


def test_all_open_orders_of_an_account_are_shown_before_they_are_cancelled(account, ls_account, trader):
    for one, number in ((account, "1"), (account, "2"), (ls_account, "3")):
        make_order(one, trader, status=OrderStatus.ACCEPTED, broker_order_no=number)
    page = signed_in(trader).post(reverse("brokers:cancel-chosen"), {"account": str(account.pk)})
    assert "2건의 남은 수량을 모두 취소합니다" in page.content.decode()
    hidden = make_account(make_user())
    page = signed_in(trader).post(reverse("brokers:cancel-chosen"), {"account": str(hidden.pk)})
    assert "취소할 것이 남아 있지 않습니다" in page.content.decode()
