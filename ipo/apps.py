from django.apps import AppConfig


class IpoConfig(AppConfig):
    name = "ipo"
    verbose_name = "공모주"
