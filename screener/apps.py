from django.apps import AppConfig


class ScreenerConfig(AppConfig):
    name = "screener"
    verbose_name = "종목찾기"

    def ready(self) -> None:
        from screener import sources  # noqa: F401  # each module registers its screens
