from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "사용자"

    def ready(self) -> None:
        from axes.handlers.proxy import AxesProxyHandler

        from accounts import signals  # noqa: F401  (models must be loaded)
        from accounts.lockout import GrowingPause
        from accounts.roles import keep_roles

        AxesProxyHandler.implementation = GrowingPause()
        *_, last = (
            config for config in apps.get_app_configs() if config.models_module
        )  # all permissions exist
        post_migrate.connect(keep_roles, sender=last, dispatch_uid="accounts.roles")
