"""Quantities obey in every sequence of news: ordered = filled + open + cancelled + expired + rejected."""

from hypothesis import given, settings
from hypothesis import strategies as st

from brokers.models import OrderStatus
from brokers.models.orders import ENDED
from brokers.progress import Progress

S = OrderStatus


def accepted(quantity: int = 10) -> Progress:
    return Progress(quantity, 0, 0, 0, 0, S.ACCEPTED)


deeds = st.lists(
    st.one_of(
        st.tuples(st.just("fill"), st.integers(1, 60)),
        st.tuples(st.just("cancel"), st.integers(1, 60)),
        st.tuples(st.just("expire"), st.just(0)),
        st.tuples(st.just("reject"), st.just(0)),
    ),
    max_size=12,
)


@settings(max_examples=300)
@given(quantity=st.integers(1, 50), news=deeds)
def test_quantities_obey_after_any_news(quantity, news):
    progress, executed = accepted(quantity), 0
    for deed, shares in news:
        if deed == "fill":
            executed += shares
            progress = progress.filled_to(executed)
        elif deed == "cancel":
            progress = progress.cancel(shares)
        else:
            progress = getattr(progress, deed)()
        parts = (progress.filled, progress.open, progress.cancelled, progress.expired, progress.rejected)
        assert min(parts) >= 0
        assert sum(parts) == progress.quantity
        assert progress.filled == executed
        assert (progress.open == 0) == (progress.status in ENDED)
        assert (progress.filled >= progress.quantity) == (progress.status == S.FILLED)


def test_part_then_all():
    assert accepted().filled_to(4).status == S.PARTIALLY_FILLED
    assert accepted().filled_to(4).filled_to(10).status == S.FILLED


def test_a_cancel_of_part_leaves_the_rest_working():
    progress = accepted().filled_to(3).cancel(2)
    assert (progress.open, progress.status) == (5, S.PARTIALLY_FILLED)


def test_a_late_fill_counts_and_the_ending_stays():
    progress = accepted().cancel(10).filled_to(4)
    assert (progress.filled, progress.cancelled, progress.status) == (4, 6, S.CANCELLED)
    assert progress.filled_to(10).status == S.FILLED


def test_a_partly_filled_order_that_is_refused_ends_as_cancelled():
    progress = accepted().filled_to(3).reject()
    assert (progress.rejected, progress.status) == (7, S.CANCELLED)
