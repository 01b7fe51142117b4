"""Scheduled jobs: django-celery-beat's own admin, mended for MongoDB and the content policy; their runs."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django_celery_beat.admin import PeriodicTaskAdmin
from django_celery_beat.models import PeriodicTask

from accounts.rights import user_of
from brokers.admin.lists import ReadOnlyAdmin, period_by
from lucy.errors import LucyError
from lucy.jobs import services
from lucy.jobs.models import JobRun, JobSettings

admin.site.unregister(PeriodicTask)


@admin.register(PeriodicTask)
class JobAdmin(PeriodicTaskAdmin):  # type: ignore[misc]
    # Their template writes a JSON object with ObjectId keys, which JSON does not have, into an inline script,
    # which our content policy does not run. It tells what a crontab means; so does `crontab_translation`.
    change_form_template = None
    date_hierarchy = None
    list_filter = ("enabled", "one_off")
    list_select_related = False

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        return admin.ModelAdmin.changeform_view(self, request, object_id, form_url, extra_context)

    @admin.display(description="crontab의 뜻")
    def crontab_translation(self, job: PeriodicTask) -> str:
        return str(job.crontab.human_readable) if job.crontab else ""

    @admin.action(description="지금 실행", permissions=["change"])
    def run_tasks(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        """Through the same service as the page, so that the history says who asked."""
        for job in queryset:
            try:
                services.run_now(job, user_of(request))
            except LucyError as refusal:
                self.message_user(request, f"{job.name}: {refusal.message}", messages.ERROR)
            else:
                self.message_user(request, f"{job.name}: 실행을 맡겼습니다.")


@admin.register(JobRun)
class JobRunAdmin(ReadOnlyAdmin):
    list_display = ("started_at", "name", "status", "asked_by", "seconds", "outcome")
    list_filter = (period_by("started_at"), "status")
    search_fields = ("task__startswith", "job__startswith")
    search_help_text = "작업 이름의 첫 글자들"
    ordering = ("-started_at",)

    @admin.display(description="작업")
    def name(self, run: JobRun) -> str:
        return run.job or run.task

    @admin.display(description="결과")
    def outcome(self, run: JobRun) -> str:
        return (run.error or run.result)[:200]

    @admin.display(description="초")
    def seconds(self, run: JobRun) -> str:
        return "" if run.seconds is None else f"{run.seconds:.1f}"


@admin.register(JobSettings)
class JobSettingsAdmin(admin.ModelAdmin[JobSettings]):
    """One row."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not JobSettings.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: JobSettings | None = None) -> bool:
        return False
