"""Accounts at brokers, who may use them, and what the processes know about each."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bson import ObjectId
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models

from brokers.adapters.base import Credentials
from brokers.costs import COMMISSION_PERCENT, SALES_TAX_PERCENT, Rates
from brokers.models.tokens import SharedTokenStore
from brokers.terms import Broker, Customer, Server
from lucy.secrets import EncryptedTextField

if TYPE_CHECKING:
    from accounts.models import User


PERCENT: dict[str, Any] = {
    "max_digits": 9,
    "decimal_places": 7,
    "validators": [MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(5))],
}


class BrokerAccount(models.Model):
    """One account at one broker, with the app key that opens it."""

    broker = models.CharField("증권사", max_length=8, choices=Broker.choices)
    server = models.CharField("서버", max_length=8, choices=Server.choices, default=Server.REAL)
    number = models.CharField(
        "계좌번호",
        max_length=16,
        validators=[RegexValidator(r"^\d{10,12}$", "숫자만 적으세요. KIS는 8-2를 이어 10자리입니다.")],
    )
    name = models.CharField("별칭", max_length=40)
    hts_id = models.CharField("HTS ID", max_length=20, blank=True, help_text="KIS 체결통보에 필요합니다.")
    customer = models.CharField("고객 구분", max_length=16, choices=Customer.choices, default=Customer.PERSON)
    app_key = EncryptedTextField("앱 키", blank=True)
    app_secret = EncryptedTextField("앱 시크릿", blank=True)
    paused = models.BooleanField("일시정지", default=False, help_text="새 주문과 실시간 수신을 멈춥니다.")
    commission_percent = models.DecimalField(
        "위탁수수료 (%)",
        default=COMMISSION_PERCENT,
        help_text="거래대금의 백분율, 매수와 매도 모두. 예: 0.015",
        **PERCENT,
    )
    sales_tax_percent = models.DecimalField(
        "매도 제세금 (%)",
        default=SALES_TAX_PERCENT,
        help_text="증권거래세와 농어촌특별세. ETF와 ETN에는 붙지 않습니다.",
        **PERCENT,
    )
    users: "models.ManyToManyField[User, AccountGrant]" = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        through="AccountGrant",
        related_name="broker_accounts",
        verbose_name="사용자",
    )
    created_at = models.DateTimeField("등록", auto_now_add=True)

    class Meta:
        verbose_name = "증권사 계좌"
        verbose_name_plural = "증권사 계좌"
        constraints = [
            models.UniqueConstraint(fields=["broker", "server", "number"], name="one_row_per_account"),
        ]
        permissions = [("see_every_account", "모든 계좌 조회")]

    def __str__(self) -> str:
        return f"{self.get_broker_display()} {self.name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the account, and beside a new one its book, without which nothing can be recorded."""
        super().save(*args, **kwargs)
        AccountBook.objects.get_or_create(account=self)

    @property
    def shown_number(self) -> str:
        """The number as its broker prints it: KIS 8-2, LS 3-2-6."""
        number = self.number
        if self.broker == Broker.KIS:
            return f"{number[:8]}-{number[8:]}"
        return f"{number[:3]}-{number[3:5]}-{number[5:]}"

    @property
    def rates(self) -> Rates:
        """What its trades cost."""
        return Rates(self.commission_percent, self.sales_tax_percent)

    @property
    def tokens(self) -> SharedTokenStore:
        """Where all processes keep the token of this account's key."""
        return SharedTokenStore(self.app_key)

    @property
    def credentials(self) -> Credentials:
        rest_url, socket_url = settings.BROKER_ADDRESSES[self.broker, self.server]
        return Credentials(
            account_no=self.number,
            server=Server(self.server),
            customer=Customer(self.customer),
            hts_id=self.hts_id,
            app_key=self.app_key,
            app_secret=self.app_secret,
            rest_url=rest_url,
            socket_url=socket_url,
        )


class AccountGrant(models.Model):
    """Who may see an account, and who may also trade it: the one place of object-level rights."""

    account_id: ObjectId
    user_id: ObjectId
    account = models.ForeignKey(
        BrokerAccount, on_delete=models.CASCADE, related_name="grants", verbose_name="계좌"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="grants", verbose_name="사용자"
    )
    can_trade = models.BooleanField("주문 가능", default=False)

    class Meta:
        verbose_name = "계좌 권한"
        verbose_name_plural = "계좌 권한"
        constraints = [models.UniqueConstraint(fields=["account", "user"], name="one_grant_per_user")]

    def __str__(self) -> str:
        return f"{self.user} · {self.account}"


class AccountBook(models.Model):
    """The heads of an account's two numbered chains; every transaction that adds to one updates this row.

    MongoDB lets only one such transaction through at a time, so numbers have no gaps and no doubles.
    """

    account_id: ObjectId
    account = models.OneToOneField(BrokerAccount, on_delete=models.CASCADE, related_name="book")
    notice_seq = models.BigIntegerField(default=0)
    trail_seq = models.BigIntegerField(default=0)
    trail_hash = models.CharField(max_length=64, blank=True, default="")
    turns = models.BigIntegerField(default=0)  # transactions so far, those without a number included

    class Meta:
        verbose_name = "계좌 일련번호"
        verbose_name_plural = "계좌 일련번호"


class SocketState(models.TextChoices):
    DOWN = "down", "끊김"
    CONNECTING = "connecting", "연결 중"
    UP = "up", "연결됨"


class AccountHealth(models.Model):
    """What the gateway last saw of an account's connection; for people, never for decisions about money."""

    account_id: ObjectId
    account = models.OneToOneField(BrokerAccount, on_delete=models.CASCADE, related_name="health")
    socket = models.CharField("소켓", max_length=12, choices=SocketState.choices, default=SocketState.DOWN)
    socket_since = models.DateTimeField("소켓 상태 시각", null=True)
    last_message_at = models.DateTimeField("마지막 수신", null=True)
    last_reconciled_at = models.DateTimeField("마지막 대사", null=True)
    last_error = models.TextField("마지막 오류", blank=True, default="")
    last_error_at = models.DateTimeField("오류 시각", null=True)

    class Meta:
        verbose_name = "계좌 상태"
        verbose_name_plural = "계좌 상태"


class AccountLease(models.Model):
    """Which gateway process holds an account, and until when unless it says so again."""

    account_id: ObjectId
    account = models.OneToOneField(BrokerAccount, on_delete=models.CASCADE, related_name="lease")
    holder = models.CharField(max_length=80)
    until = models.DateTimeField()

    class Meta:
        verbose_name = "게이트웨이 임대"
        verbose_name_plural = "게이트웨이 임대"
