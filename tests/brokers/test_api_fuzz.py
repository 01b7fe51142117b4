"""The REST API against its own document: every operation, made-up input of every shape, no 5xx.

`LUCY_FUZZ_EXAMPLES` says how many requests per operation (8 in the everyday run).
"""

import os

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error

from accounts.services import issue_tokens
from tests.factories import make_order

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
EXAMPLES = int(os.environ.get("LUCY_FUZZ_EXAMPLES", "8"))


@pytest.fixture
def document(paper, account, ls_account, trader):
    """The document, read as a signed-in trader with an order would use it."""
    make_order(account, trader)
    return schemathesis.openapi.from_wsgi("/api/schema/?format=json", get_wsgi_application())


def test_no_input_breaks_an_operation(document, trader):
    headers = {"Authorization": f"Bearer {issue_tokens(trader).access_token}"}
    operations = [result.ok() for result in document.get_all_operations()]
    assert len(operations) > 15
    for operation in operations:
        _try(operation, headers)


def _try(operation, headers):
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(case=operation.as_strategy())
    def attempt(case):
        case.call_and_validate(headers=headers, checks=[not_a_server_error])

    attempt()
