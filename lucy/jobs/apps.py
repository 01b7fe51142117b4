from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "lucy.jobs"
    label = "jobs"
    verbose_name = "작업 기록"
