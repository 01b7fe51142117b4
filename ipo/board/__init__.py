"""Every read behind the 공모주 pages, the calendar and the API."""
