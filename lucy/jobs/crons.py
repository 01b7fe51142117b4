"""A crontab in Korean words, for people who do not read five fields."""

from typing import Final

DAY_NAMES: Final = ("일", "월", "화", "수", "목", "금", "토", "일")


def in_words(minute: str, hour: str, day_of_month: str, month: str, day_of_week: str) -> str:
    """`53 15 * * 1-5` as 월–금요일 15:53."""
    return f"{_days(day_of_month, month, day_of_week)} {_times(minute, hour)}"


def _days(day_of_month: str, month: str, day_of_week: str) -> str:
    parts = []
    if month != "*":
        parts.append(f"{_listed(month)}월")
    if day_of_month != "*":
        parts.append(f"{'매월 ' if month == '*' else ''}{_listed(day_of_month)}일")
    if day_of_week != "*":
        parts.append(f"{_listed(_named(day_of_week))}요일")
    return " ".join(parts) or "매일"


def _times(minute: str, hour: str) -> str:
    if minute.isdecimal() and hour.isdecimal():
        return f"{int(hour):02d}:{int(minute):02d}"
    if minute == "*":
        minutes = "매분"
    elif minute.startswith("*/"):
        minutes = f"{minute[2:]}분마다"
    else:
        minutes = f"{_listed(minute)}분"
    if hour == "*":
        return minutes if minute.startswith("*") else f"매시 {minutes}"
    if hour.startswith("*/"):
        return f"{hour[2:]}시간마다 {minutes}"
    return f"{_listed(hour)}시 {minutes}"


def _named(day_of_week: str) -> str:
    if "/" in day_of_week:
        return day_of_week
    return "".join(DAY_NAMES[int(sign)] if sign in "01234567" else sign for sign in day_of_week)


def _listed(text: str) -> str:
    return text.replace(",", ", ").replace("-", "–")
