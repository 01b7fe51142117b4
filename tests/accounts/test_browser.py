"""The way in, in a real browser: nothing on these pages breaks the content policy."""

import pytest
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from accounts.roles import ADMINISTRATOR
from tests.accounts.callers import make_staff
from tests.factories import PASSWORD, make_account, make_order

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


def test_a_trader_signs_in_changes_the_name_and_signs_out(page, trader):
    account = make_account(trader, name="내 계좌")
    page.goto("/accounts/")
    page.get_by_label("아이디").fill("kim")
    page.get_by_label("비밀번호").fill(PASSWORD)
    page.get_by_role("button", name="로그인").click()
    page.wait_for_url("**/accounts/")
    page.get_by_text(account.shown_number).wait_for()
    page.get_by_label("이름").fill("철수")
    page.get_by_role("button", name="저장", exact=True).click()
    page.get_by_text("저장했습니다.").wait_for()
    page.get_by_role("button", name="사용자 메뉴").click()
    page.get_by_role("button", name="로그아웃").click()
    page.wait_for_url("**/accounts/sign-in/")


def test_the_console_works_under_the_content_policy(new_page, trader):
    page = new_page(make_staff(ADMINISTRATOR))
    account = make_account(trader)
    order = make_order(account, trader)
    job = PeriodicTask.objects.create(name="아침", task="x", crontab=CrontabSchedule.objects.create())
    for address in (
        "/admin/",
        "/admin/brokers/order/",
        f"/admin/brokers/order/{order.pk}/change/",
        f"/admin/brokers/brokeraccount/{account.pk}/change/",
        f"/admin/accounts/user/{trader.pk}/change/",
        f"/admin/django_celery_beat/periodictask/{job.pk}/change/",
    ):
        response = page.goto(address)
        assert response.status == 200, address
    page.get_by_label("이름:").fill("저녁")
    page.get_by_role("button", name="저장", exact=True).click()
    page.wait_for_url("**/periodictask/")
    job.refresh_from_db()
    assert job.name == "저녁"
