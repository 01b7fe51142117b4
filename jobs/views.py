"""설정 및 스케줄: business settings and jobs on one page, for staff."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_POST
from django_celery_beat.models import PeriodicTask

from brokers.views.access import SignedInRequest, signed_in
from jobs import selectors, services
from jobs.models import JobRun
from lucy.errors import LucyError

P = ParamSpec("P")


def _permitted(
    permission: str,
) -> Callable[
    [Callable[Concatenate[SignedInRequest, P], HttpResponse]],
    Callable[Concatenate[HttpRequest, P], HttpResponse],
]:
    """For who may see or change the schedule; others get a clear refusal."""

    def wrap(
        view: Callable[Concatenate[SignedInRequest, P], HttpResponse],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        @signed_in
        @wraps(view)
        def wrapper(request: SignedInRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not request.user.has_perm(permission):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return wrapper

    return wrap


may_look = _permitted("django_celery_beat.view_periodictask")
may_change = _permitted("django_celery_beat.change_periodictask")


class CronForm(forms.Form):
    cron = forms.CharField(max_length=120)


@require_GET
@may_look
def settings_page(request: SignedInRequest) -> HttpResponse:
    context = {
        "lines": selectors.job_lines(),
        "groups": selectors.setting_groups(request.user),
        "may_change": _may_change(request),
    }
    return render(request, "jobs/settings.html", context)


@require_GET
@may_look
def jobs(request: SignedInRequest) -> HttpResponse:
    """The table of jobs, as it is now."""
    context = {"lines": selectors.job_lines(), "may_change": _may_change(request)}
    return render(request, "jobs/rows.html", context)


@require_GET
@may_look
def runs(request: SignedInRequest, pk: str) -> HttpResponse:
    """The last runs of a job: in the drawer, or as a page of their own."""
    job = get_object_or_404(PeriodicTask, pk=pk)
    template = "jobs/runs.html" if request.htmx else "jobs/runs_page.html"
    return render(request, template, {"job": job, "runs": selectors.runs_of(job)})


@require_GET
@may_look
def run(request: SignedInRequest, pk: str) -> HttpResponse:
    """What a run logged."""
    return render(request, "jobs/run.html", {"run": get_object_or_404(JobRun, pk=pk)})


@require_POST
@may_change
def start(request: SignedInRequest, pk: str) -> HttpResponse:
    job = _job(pk)
    try:
        services.run_now(job, request.user)
    except LucyError as refusal:
        return _row(request, job, error=refusal.message)
    return _row(request, job, words="실행을 맡겼습니다. 곧 시작합니다.")


@require_POST
@may_change
def pause(request: SignedInRequest, pk: str) -> HttpResponse:
    job = _job(pk)
    services.pause(job, request.POST.get("paused") == "1")
    return _row(
        request, job, words="다시 예약대로 돕니다." if job.enabled else "멈췄습니다. 지금 실행은 됩니다."
    )


@require_POST
@may_change
def cron(request: SignedInRequest, pk: str) -> HttpResponse:
    job, form = _job(pk), CronForm(request.POST)
    try:
        if not form.is_valid():
            raise LucyError("bad_cron", "예약을 적으세요. 예: 53 15 * * 1-5")
        services.set_cron(job, form.cleaned_data["cron"])
    except LucyError as refusal:
        return _row(request, job, error=refusal.message, given=request.POST.get("cron", ""))
    return _row(request, job, words="예약을 바꿨습니다.")


def _job(pk: str) -> PeriodicTask:
    return get_object_or_404(PeriodicTask.objects.select_related("crontab", "interval"), pk=pk)


def _may_change(request: SignedInRequest) -> bool:
    return request.user.has_perm("django_celery_beat.change_periodictask")


def _row(request: SignedInRequest, job: PeriodicTask, **words: Any) -> HttpResponse:
    context = {"line": selectors.job_line(job), "may_change": True} | words
    return render(request, "jobs/row.html", context, status=422 if words.get("error") else 200)
