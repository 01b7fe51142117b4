"""펀드: what each has now, what it may not trade, what it got."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from brokers.blocks.models import AllocationShare, FundTarget, IssueRule
from brokers.blocks.rights import funds_of
from brokers.blocks.selectors import names_of, position_of
from brokers.views.access import SignedInRequest, signed_in
from brokers.views.paging import newest_first

MOST_FUNDS = 300


@require_GET
@signed_in
def funds(request: SignedInRequest) -> HttpResponse:
    """What each has free now costs a sum over its day: the fund's own page tells."""
    return render(request, "blocks/funds.html", {"funds": list(funds_of(request.user)[:MOST_FUNDS])})


@require_GET
@signed_in
def fund(request: SignedInRequest, pk: str) -> HttpResponse:
    found = get_object_or_404(funds_of(request.user), pk=pk)
    shares = AllocationShare.objects.filter(fund=found)
    part = newest_first(shares, "created_at", request.GET.get("after", ""), "block", "account")
    if "after" in request.GET:
        return render(request, "blocks/parts/share_rows.html", {"part": part, "fund": found})
    position = position_of(found)
    targets = {row.symbol: row.percent for row in FundTarget.objects.filter(fund=found)}
    held = {symbol: shares for symbol, shares in position.shares.items() if shares}
    names = names_of({*held, *targets})
    context = {
        "fund": found,
        "position": position,
        "held": [
            (symbol, names.get(symbol, ""), held.get(symbol, 0), targets.get(symbol))
            for symbol in sorted({*held, *targets})
        ],
        "rules": list(IssueRule.objects.filter(fund=found)) + list(IssueRule.objects.filter(fund=None)),
        "part": part,
    }
    return render(request, "blocks/fund.html", context)
