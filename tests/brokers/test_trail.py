"""`verify_trail` names every row that was changed, removed or moved."""

import pytest
from django.core.management import CommandError, call_command

from brokers.adapters.base import Receipt
from brokers.models import EventKind, OrderEvent, OrderStatus
from brokers.services.orders import accept_order, reject_order
from tests.factories import make_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def trail(account, trader):
    for number in "123":
        order = make_order(account, trader, status=OrderStatus.SENT)
        accept_order(order, Receipt(number))
    reject_order(make_order(account, trader), EventKind.REFUSED, "Lucy", "code", "words")
    return OrderEvent.objects.filter(account=account).order_by("seq")


def verified(capsys):
    with pytest.raises(CommandError):
        call_command("verify_trail")
    return capsys.readouterr().out


def test_an_untouched_trail_holds(trail, capsys):
    call_command("verify_trail")
    assert "4 rows, every seal holds." in capsys.readouterr().out


def test_a_changed_row_is_named(trail, capsys):
    trail.filter(seq=2).update(text="nothing happened")
    assert "#2: changed after it was sealed" in verified(capsys)


def test_a_removed_row_is_named(trail, capsys):
    trail.filter(seq=2).delete()
    assert "#2: removed" in verified(capsys)


def test_a_removed_end_is_named(trail, capsys):
    trail.filter(seq=4).delete()
    assert "#4: the end is missing" in verified(capsys)


def test_swapped_rows_are_named(trail, capsys):
    trail.filter(seq=2).update(seq=99)
    trail.filter(seq=3).update(seq=2)
    trail.filter(seq=99).update(seq=3)
    out = verified(capsys)
    assert "#2: " in out
    assert "#3: " in out
