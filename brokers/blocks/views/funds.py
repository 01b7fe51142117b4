"""펀드: what each has now, what it may not trade, what it got."""

from decimal import Decimal

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from brokers.blocks.models import AllocationShare, Fund, FundGrant, IssueRule
from brokers.blocks.rights import funds_of, may_aim, may_keep
from brokers.blocks.selectors import names_of, position_of
from brokers.blocks.stakes import changes_of, stakes_of
from brokers.views.access import SignedInRequest, signed_in
from brokers.views.paging import newest_first

MOST_FUNDS = 300
WHOLE = Decimal(100)


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
    stakes = stakes_of(found, position)
    aimed = sum((one.target for one in stakes if one.target), Decimal(0))
    keeps = may_keep(request.user, found)
    context = {
        "fund": found,
        "position": position,
        "stakes": stakes,
        "aimed": aimed,
        "unaimed": WHOLE - aimed,
        "rules": _rules(found),
        "part": part,
        "may_keep": keeps,
        "may_aim": may_aim(request.user, found),
    }
    if keeps:
        context["grants"] = list(FundGrant.objects.filter(fund=found).select_related("user")[:100])
        context["changes"] = changes_of(found)
    return render(request, "blocks/fund.html", context)


def _rules(fund: Fund) -> list[tuple[IssueRule, str]]:
    """Its own restrictions, then those of every fund, with the issues' names."""
    rules = [row for owner in (fund, None) for row in IssueRule.objects.filter(fund=owner).order_by("symbol")]
    names = names_of(rule.symbol for rule in rules)
    return [(rule, names.get(rule.symbol, "")) for rule in rules]
