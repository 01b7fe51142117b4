from django.apps import AppConfig


class BlocksConfig(AppConfig):
    name = "brokers.blocks"
    label = "blocks"
    verbose_name = "펀드와 블록주문"

    def ready(self) -> None:
        from brokers.blocks.services import changes, following

        following.listen()
        changes.watch_over_children()
