from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("brokers", "0010_rule_changes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="discrepancy",
            name="kind",
            field=models.CharField(
                choices=[
                    ("reply_found", "응답 유실 주문 확인"),
                    ("never_arrived", "증권사에 없는 요청"),
                    ("unclear", "후보가 여럿인 주문"),
                    ("elsewhere", "외부 주문"),
                    ("fills_missed", "통보되지 않은 체결"),
                    ("fills_extra", "증권사보다 많은 체결"),
                    ("ended", "통보되지 않은 종료"),
                    ("not_listed", "증권사 목록에 없는 주문"),
                    ("still_working", "증권사에 살아 있는 주문"),
                    ("late_fill", "종료 후 체결"),
                    ("holding", "보유수량 차이"),
                    ("cash", "예수금 차이"),
                ],
                max_length=16,
                verbose_name="종류",
            ),
        ),
    ]
