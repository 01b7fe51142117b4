"""The OpenAPI document: complete, without warnings, and readable in a browser."""

import pytest
from django.core.management import call_command
from drf_spectacular.generators import SchemaGenerator

OPERATIONS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def document():
    return SchemaGenerator().get_schema(request=None, public=True)


def operations(document):
    for path, methods in document["paths"].items():
        for method in OPERATIONS & set(methods):
            yield path, method, methods[method]


def test_it_has_no_warnings(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml"))


def test_every_operation_tells_what_it_does_who_may_and_how_it_fails(document):
    shown = list(operations(document))
    assert len(shown) == 74
    for path, method, operation in shown:
        assert operation["description"], path
        assert "401" in operation["responses"], path
        assert "429" in operation["responses"], path
        assert {"jwtAuth": []} in operation.get("security", [{"jwtAuth": []}]), path
        if "{" in path:
            assert "404" in operation["responses"], path
        if method == "post":
            assert "400" in operation["responses"], path


def test_errors_have_the_one_shape(document):
    for path, _method, operation in operations(document):
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                schema = response["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Error"}, path


@pytest.mark.browser
def test_its_page_runs_under_the_content_policy(new_page):
    page = new_page()
    page.goto("/api/v1/")
    page.get_by_text("/api/v1/orders/{order_id}/cancel/").wait_for()
    page.get_by_text("Authorize").first.click()
    page.get_by_text("jwtAuth").first.wait_for()
