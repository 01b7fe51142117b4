from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("blocks", "0006_shares_changed"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="basket",
            index=models.Index(fields=["-created_at"], name="baskets_newest"),
        ),
    ]
