from django.apps import AppConfig


class BrokersConfig(AppConfig):
    name = "brokers"
    verbose_name = "증권사 계좌와 주문"

    def ready(self) -> None:
        from brokers import signals  # noqa: F401  (models must be loaded)
