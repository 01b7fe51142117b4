"""Parts of addresses that every app uses; `lucy.urls` registers them before any route is read."""

from django.urls import register_converter


class ObjectIdConverter:
    regex = "[0-9a-f]{24}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: object) -> str:
        return str(value)


register_converter(ObjectIdConverter, "objectid")
