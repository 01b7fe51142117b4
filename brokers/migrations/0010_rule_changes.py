from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("brokers", "0009_lists_of_a_year"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="rulechange",
            index=models.Index(fields=["target", "-at"], name="rule_changes_of_target"),
        ),
    ]
