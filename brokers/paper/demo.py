"""The demo accounts: obviously fake keys of the brokers' lengths, cash, and something to sell."""

from __future__ import annotations

from decimal import Decimal

from brokers.paper.ledger import Account, Holding

DEMO_CASH = 100_000_000  # won


def _key(name: str, length: int) -> str:
    """A readable fake of the length a broker's keys have."""
    return (f"DEMO-{name}-NOT-A-SECRET-" + "0123456789" * 20)[:length]


# KIS: app key 36 characters, secret 180 (kis.md §1.2); accounts are 8 digits and 2.
KIS_REAL_ACCOUNT = "5000000101"
KIS_REAL_APP_KEY = _key("KIS-REAL", 36)
KIS_REAL_APP_SECRET = _key("KIS-REAL-SECRET", 180)
KIS_REAL_HTS_ID = "demokis"
KIS_PAPER_ACCOUNT = "5000000201"
KIS_PAPER_APP_KEY = _key("KIS-PAPER", 36)
KIS_PAPER_APP_SECRET = _key("KIS-PAPER-SECRET", 180)
KIS_PAPER_HTS_ID = "demokisp"

# LS: app key 36 characters, secret 32 (ls.md §1.4); accounts are 11 digits.
LS_REAL_ACCOUNT = "20000000101"
LS_REAL_APP_KEY = _key("LS-REAL", 36)
LS_REAL_APP_SECRET = _key("LS-REAL-SECRET", 32)
LS_REAL_HTS_ID = "demols"
LS_PAPER_ACCOUNT = "55500000201"
LS_PAPER_APP_KEY = _key("LS-PAPER", 36)
LS_PAPER_APP_SECRET = _key("LS-PAPER-SECRET", 32)
LS_PAPER_HTS_ID = "demolsp"

# code, shares, what they cost in all (won)
HOLDINGS = (
    ("005930", 100, 8_150_000),
    ("035720", 40, 2_214_000),
    ("247540", 15, 2_610_500),
    ("069500", 30, 1_598_250),
)


def demo_accounts() -> list[Account]:
    """Fresh demo accounts, one for each broker and server."""
    return [
        _account("kis", "real", KIS_REAL_ACCOUNT, KIS_REAL_HTS_ID, KIS_REAL_APP_KEY, KIS_REAL_APP_SECRET),
        _account(
            "kis", "paper", KIS_PAPER_ACCOUNT, KIS_PAPER_HTS_ID, KIS_PAPER_APP_KEY, KIS_PAPER_APP_SECRET
        ),
        _account("ls", "real", LS_REAL_ACCOUNT, LS_REAL_HTS_ID, LS_REAL_APP_KEY, LS_REAL_APP_SECRET),
        _account("ls", "paper", LS_PAPER_ACCOUNT, LS_PAPER_HTS_ID, LS_PAPER_APP_KEY, LS_PAPER_APP_SECRET),
    ]


def _account(broker: str, server: str, number: str, hts_id: str, key: str, secret: str) -> Account:
    account = Account(broker, number, server, hts_id, "김데모", key, secret, DEMO_CASH)
    account.holdings = {code: Holding(code, quantity, Decimal(cost)) for code, quantity, cost in HOLDINGS}
    return account


def make_account(broker: str, server: str, index: int, cash: int = DEMO_CASH) -> Account:
    """A further account, for tests and benchmarks; ``index`` makes its number and keys."""
    kis = broker == "kis"
    number = f"{60_000_000 + index:08d}01" if kis else f"{30_000_000_000 + index:011d}"
    name = f"{broker.upper()}-{server.upper()}-{index}"
    secret = _key(f"{name}-SECRET", 180 if kis else 32)
    hts_id = f"user{broker}{server[0]}{index}"
    return Account(broker, number, server, hts_id, f"시험{index}", _key(name, 36), secret, cash)
