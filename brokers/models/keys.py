"""Keys of services that are no brokers: encrypted at rest, edited in the admin."""

from django.db import models

from lucy.secrets import EncryptedTextField


class Service(models.TextChoices):
    GODATA = "godata", "공공데이터포털 (특일정보)"


class ServiceKey(models.Model):
    """One service's key."""

    service = models.CharField("서비스", max_length=16, choices=Service.choices, unique=True)
    value = EncryptedTextField("키", blank=True, default="")
    changed_at = models.DateTimeField("변경", auto_now=True)

    class Meta:
        verbose_name = "외부 서비스 키"
        verbose_name_plural = "외부 서비스 키"

    def __str__(self) -> str:
        return str(self.get_service_display())
