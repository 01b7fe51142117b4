"""How long a reconciliation waits before it takes silence for an answer."""

from datetime import timedelta

ANSWER_TAKES_AT_MOST = timedelta(seconds=30)  # after that no process is still waiting for the reply
LIST_LAGS_AT_MOST = timedelta(seconds=15)  # how late an order may appear in the broker's list
CLOCKS_DIFFER_BY = timedelta(seconds=60)
