from decimal import Decimal
from typing import Any

from django.db import migrations, models


def sum_shares(apps: Any, schema_editor: Any) -> None:
    """Fees and taxes of the blocks there are: what their shares add up to."""
    shares = apps.get_model("blocks", "AllocationShare")._meta.db_table
    schema_editor.connection.get_collection(shares).aggregate(
        [
            {"$group": {"_id": "$block_id", "fee": {"$sum": "$fee"}, "tax": {"$sum": "$tax"}}},
            {
                "$merge": {
                    "into": apps.get_model("blocks", "Block")._meta.db_table,
                    "whenMatched": "merge",
                    "whenNotMatched": "discard",
                }
            },
        ]
    )


class Migration(migrations.Migration):

    dependencies = [
        ('blocks', '0003_indexes'),
        ('brokers', '0009_lists_of_a_year'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='allocationshare',
            name='shares_of_day',
        ),
        migrations.AddField(
            model_name='block',
            name='fee',
            field=models.DecimalField(decimal_places=0, default=Decimal('0'), max_digits=20, verbose_name='수수료'),
        ),
        migrations.AddField(
            model_name='block',
            name='tax',
            field=models.DecimalField(decimal_places=0, default=Decimal('0'), max_digits=20, verbose_name='세금'),
        ),
        migrations.AddIndex(
            model_name='allocationshare',
            index=models.Index(fields=['trade_date', '-created_at', '-id'], name='shares_of_day'),
        ),
        migrations.AddIndex(
            model_name='allocationshare',
            index=models.Index(fields=['trade_date', 'fund', '-created_at', '-id'], name='shares_of_day_and_fund'),
        ),
        migrations.RunPython(sum_shares, migrations.RunPython.noop),
    ]
