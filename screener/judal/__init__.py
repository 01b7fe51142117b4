"""Judal's pages: HTML in, frozen rows out, or `PageChanged`; and the files of a run. Without a database."""
