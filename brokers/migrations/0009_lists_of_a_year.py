from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("brokers", "0008_user_notices"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="order", name="working_orders"),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                fields=["account", "status", "-created_at", "-id"], name="orders_of_account_by_status"
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                fields=["account", "symbol", "-created_at", "-id"], name="orders_of_account_by_symbol"
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("in_doubt", True)),
                fields=["in_doubt", "-created_at"],
                name="orders_in_doubt",
            ),
        ),
        migrations.AddIndex(
            model_name="fill",
            index=models.Index(
                fields=["account", "symbol", "-executed_at", "-id"], name="fills_of_account_by_symbol"
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                fields=["account", "kind", "-created_at", "-id"], name="notices_of_account_by_kind"
            ),
        ),
    ]
