"""What the paper broker can be told to do differently, each with the default a stranger's client expects."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass
class Switches:
    """Settable at the start and through the control port."""

    # KIS, requests per second and app key (kis.md §1.6); 0 lets everything pass
    kis_rate_real: int = 20
    kis_rate_paper: int = 2
    # KIS, seconds between two token issues of a key (§1.3), and hours during which it is the same token
    kis_token_interval: int = 60
    kis_same_token_hours: int = 6
    # KIS, real tr_ids on the paper host and paper ones on the real host, instead of EGW02006 (§7.1)
    kis_any_tr: bool = False
    # KIS, services that the paper host does not have (§1.8)
    kis_paper_offers_all: bool = False
    # KIS, INQR_DVSN=02 on the balance, refused since 2026-02-10 (§2.5)
    kis_balance_by_issue: bool = False
    # KIS, columns of a record (§6.2): H0STCNT0 46/47, H0STASP0 59/62, notices 23/26
    kis_trade_columns: int = 47
    kis_book_columns: int = 62
    kis_notice_columns_real: int = 26
    kis_notice_columns_paper: int = 23
    # KIS sockets: registrations of a connection, seconds between PINGPONGs, and of a client's silence
    kis_registrations: int = 41
    kis_ping_seconds: float = 10.0
    kis_silence_seconds: float = 60.0
    # LS, requests per second and TR: a factor on LS's own table; 0 lets everything pass
    ls_rate_factor: float = 1.0
    # LS, rows of a page: t0425; CSPAQ13700, CDPCQ04700 and FOCCQ33600
    ls_order_page: int = 40
    ls_history_page: int = 20
    # LS sockets: live registrations of a connection; more are acknowledged and stay silent (ls.md §5.1)
    ls_registrations: int = 200

    def change(self, values: dict[str, object]) -> None:
        """Set switches by name; an unknown name or a value of another kind raises ValueError."""
        kinds = {field.name: type(getattr(self, field.name)) for field in fields(self)}
        for name, value in values.items():
            if name not in kinds:
                raise ValueError(f"no switch is called {name}")
            if not isinstance(value, bool | int | float):
                raise ValueError(f"{name} takes a number or a boolean")
            setattr(self, name, kinds[name](value))
