"""The Celery app; tasks live in each app's `tasks.py`, their times in the admin."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lucy.settings")

app = Celery("lucy", task_cls="lucy.jobs.running:JobTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
