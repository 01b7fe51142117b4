"""Scheduled jobs: django-celery-beat's own admin, where it stumbles over MongoDB and the content policy."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django_celery_beat.admin import PeriodicTaskAdmin
from django_celery_beat.models import PeriodicTask

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
