"""Apps that are not ours, with ObjectId keys: MongoDB has no other. Their migrations: `mongo_migrations/`."""

from typing import Any

from axes.apps import AppConfig as AxesConfig
from django.apps import AppConfig, apps
from django.contrib.admin.apps import AdminConfig
from django.contrib.auth.apps import AuthConfig
from django.contrib.contenttypes.apps import ContentTypesConfig
from django.db.models.signals import post_migrate
from django_celery_beat.apps import BeatConfig

OBJECT_ID = "django_mongodb_backend.fields.ObjectIdAutoField"


class MongoAdminConfig(AdminConfig):
    default_auto_field = OBJECT_ID


class MongoAuthConfig(AuthConfig):
    default_auto_field = OBJECT_ID


class MongoContentTypesConfig(ContentTypesConfig):
    default_auto_field = OBJECT_ID


class MongoBeatConfig(BeatConfig):  # type: ignore[misc]
    default_auto_field = OBJECT_ID
    verbose_name = "예약 작업"


class MongoAxesConfig(AxesConfig):  # type: ignore[misc]
    default_auto_field = OBJECT_ID
    verbose_name = "로그인 기록"


class LucyConfig(AppConfig):
    name = "lucy"

    def ready(self) -> None:
        from django_mongodb_backend.query import MongoQuery

        from lucy.schedule import keep_schedule

        beat = apps.get_app_config("django_celery_beat")
        post_migrate.connect(keep_schedule, sender=beat, dispatch_uid="lucy.schedule")
        MongoQuery.get_pipeline = _sorting_by_index(MongoQuery.get_pipeline)


def _sorting_by_index(get_pipeline: Any) -> Any:
    """Drop the backend's `{"$addFields": {"x": "$x"}}` before `$sort`: a no-op that hides the index.

    Of 100,000 orders the newest 50 took 235 ms to sort; by the index they take 4 ms.
    """

    def pipeline(query: Any) -> Any:
        if query.extra_fields:
            query.extra_fields = {
                name: value for name, value in query.extra_fields.items() if value != f"${name}"
            }
        return get_pipeline(query)

    return pipeline
