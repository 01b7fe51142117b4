from decimal import Decimal

import django.core.validators
from django.db import migrations, models

PERCENT = [
    django.core.validators.MinValueValidator(Decimal("0")),
    django.core.validators.MaxValueValidator(Decimal("5")),
]


class Migration(migrations.Migration):
    dependencies = [
        ("brokers", "0006_price_history"),
    ]

    operations = [
        migrations.AddField(
            model_name="brokeraccount",
            name="commission_percent",
            field=models.DecimalField(
                decimal_places=7,
                default=Decimal("0.015"),
                help_text="거래대금의 백분율, 매수와 매도 모두. 예: 0.015",
                max_digits=9,
                validators=PERCENT,
                verbose_name="위탁수수료 (%)",
            ),
        ),
        migrations.AddField(
            model_name="brokeraccount",
            name="sales_tax_percent",
            field=models.DecimalField(
                decimal_places=7,
                default=Decimal("0.20"),
                help_text="증권거래세와 농어촌특별세. ETF와 ETN에는 붙지 않습니다.",
                max_digits=9,
                validators=PERCENT,
                verbose_name="매도 제세금 (%)",
            ),
        ),
    ]
