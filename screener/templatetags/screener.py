"""The 종목찾기 menu."""

from django import template

from screener.selectors import Heading, headings

register = template.Library()


@register.simple_tag
def screen_headings() -> list[Heading]:
    """Every screen of the sources, under its heading; no database is asked."""
    return headings()
