from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("blocks", "0004_kept_sums"),
    ]

    operations = [
        migrations.AddField(
            model_name="basketrow",
            name="note",
            field=models.CharField(blank=True, default="", max_length=300, verbose_name="사유"),
        ),
        migrations.AddIndex(
            model_name="basket",
            index=models.Index(fields=["user", "-created_at", "-id"], name="baskets_of_user"),
        ),
        migrations.AddIndex(
            model_name="basket",
            index=models.Index(fields=["file_hash"], name="baskets_of_file"),
        ),
    ]
