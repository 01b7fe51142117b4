"""배분 보고서: who got what on a day, as page, CSV, Excel and PDF."""

from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from brokers.blocks.allocated import shares_in, sums_of
from brokers.blocks.filters import ReportFilters
from brokers.blocks.reports import COLUMNS, as_pdf, rows_of
from brokers.views.access import SignedInRequest, signed_in
from brokers.views.files import download, no_file
from brokers.views.paging import newest_first
from lucy.errors import LucyError

FILES = {"csv": "CSV", "xlsx": "Excel", "pdf": "PDF"}


@require_GET
@signed_in
def report(request: SignedInRequest) -> HttpResponse:
    """A part of the day's allocations, newest first; above the first one the sums over all of them."""
    filters = _wanted(request)
    chosen = filters.chosen()
    after = request.GET.get("after", "")
    part = newest_first(shares_in(chosen), "created_at", after, "block", "fund", "account")
    context = {"filters": filters, "part": part}
    if after:
        return render(request, "blocks/parts/report_rows.html", context)
    context |= {"sums": sums_of(chosen), "chosen": chosen, "files": FILES}
    return render(request, "blocks/report.html", context)


@require_GET
@signed_in
def report_file(request: SignedInRequest, kind: str) -> HttpResponseBase:
    """All that the page's filters want, fund after fund."""
    if kind not in FILES:
        raise Http404
    chosen = _wanted(request).chosen()
    name = f"lucy-allocations-{chosen.day:%Y%m%d}"
    try:
        if kind == "pdf":
            return FileResponse(as_pdf(chosen), as_attachment=True, filename=f"{name}.pdf")
        return download(kind, name, COLUMNS, rows_of(chosen))
    except LucyError as refusal:
        return no_file(request, "blocks:allocations", refusal)


def _wanted(request: SignedInRequest) -> ReportFilters:
    filters = ReportFilters(request.GET, user=request.user)
    if not filters.is_valid():
        raise Http404
    return filters
