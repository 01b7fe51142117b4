"""설정 및 스케줄: business settings and jobs on one page, for staff."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_POST
from django_celery_beat.models import PeriodicTask

from brokers.views.access import SignedInRequest, signed_in
from lucy.errors import LucyError
from lucy.jobs import selectors, services
from lucy.jobs.models import JobRun


class CronForm(forms.Form):
    cron = forms.CharField(max_length=120)


@require_GET
@signed_in
def settings_page(request: SignedInRequest) -> HttpResponse:
    _require(request, "view")
    context = {
        "lines": selectors.job_lines(),
        "groups": selectors.setting_groups(request.user),
        "may_change": _may_change(request),
    }
    return render(request, "jobs/settings.html", context)


@require_GET
@signed_in
def jobs(request: SignedInRequest) -> HttpResponse:
    """The table of jobs, as it is now."""
    _require(request, "view")
    context = {"lines": selectors.job_lines(), "may_change": _may_change(request)}
    return render(request, "jobs/rows.html", context)


@require_GET
@signed_in
def runs(request: SignedInRequest, pk: str) -> HttpResponse:
    """The last runs of a job: in the drawer, or as a page of their own."""
    _require(request, "view")
    job = get_object_or_404(PeriodicTask, pk=pk)
    template = "jobs/runs.html" if request.htmx else "jobs/runs_page.html"
    return render(request, template, {"job": job, "runs": selectors.runs_of(job)})


@require_GET
@signed_in
def run(request: SignedInRequest, pk: str) -> HttpResponse:
    """What a run logged."""
    _require(request, "view")
    return render(request, "jobs/run.html", {"run": get_object_or_404(JobRun, pk=pk)})


@require_POST
@signed_in
def start(request: SignedInRequest, pk: str) -> HttpResponse:
    _require(request, "change")
    job = _job(pk)
    try:
        services.run_now(job, request.user)
    except LucyError as refusal:
        return _row(request, job, error=refusal.message)
    return _row(request, job, words="실행을 맡겼습니다. 곧 시작합니다.")


@require_POST
@signed_in
def pause(request: SignedInRequest, pk: str) -> HttpResponse:
    _require(request, "change")
    job = _job(pk)
    services.pause(job, request.POST.get("paused") == "1")
    return _row(
        request, job, words="다시 예약대로 돕니다." if job.enabled else "멈췄습니다. 지금 실행은 됩니다."
    )


@require_POST
@signed_in
def cron(request: SignedInRequest, pk: str) -> HttpResponse:
    _require(request, "change")
    job, form = _job(pk), CronForm(request.POST)
    try:
        if not form.is_valid():
            raise LucyError("bad_cron", "예약을 적으세요. 예: 53 15 * * 1-5")
        services.set_cron(job, form.cleaned_data["cron"])
    except LucyError as refusal:
        return _row(request, job, error=refusal.message, given=request.POST.get("cron", ""))
    return _row(request, job, words="예약을 바꿨습니다.")


def _require(request: SignedInRequest, verb: str) -> None:
    """The schedule is for who may see or change it; others get a clear refusal."""
    if not request.user.has_perm(f"django_celery_beat.{verb}_periodictask"):
        raise PermissionDenied


def _job(pk: str) -> PeriodicTask:
    return get_object_or_404(PeriodicTask.objects.select_related("crontab", "interval"), pk=pk)


def _may_change(request: SignedInRequest) -> bool:
    return request.user.has_perm("django_celery_beat.change_periodictask")


def _row(request: SignedInRequest, job: PeriodicTask, **words: Any) -> HttpResponse:
    context = {"line": selectors.job_line(job), "may_change": True} | words
    return render(request, "jobs/row.html", context, status=422 if words.get("error") else 200)
