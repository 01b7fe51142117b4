"""Apps that are not ours, with ObjectId keys: MongoDB has no other. Their migrations: `mongo_migrations/`."""

from axes.apps import AppConfig as AxesConfig
from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.contrib.auth.apps import AuthConfig
from django.contrib.contenttypes.apps import ContentTypesConfig
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


class MongoAxesConfig(AxesConfig):  # type: ignore[misc]
    default_auto_field = OBJECT_ID


class LucyConfig(AppConfig):
    name = "lucy"
