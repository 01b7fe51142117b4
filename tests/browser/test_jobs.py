"""설정 및 스케줄 in real Chromium: a job is moved, refused by field, paused, started, its history read."""

import pytest
from django_celery_beat.models import PeriodicTask
from playwright.sync_api import expect

from lucy.jobs import services
from lucy.jobs.running import LIMIT
from tests.browser.test_stock import picture
from tests.factories import make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


@pytest.mark.parametrize("width", [1440, 390])
def test_staff_moves_pauses_starts_and_reads_a_job(new_page, width):
    staff = make_user("boss", groups=("administrator",), is_staff=True)
    job = PeriodicTask.objects.create(
        name="morning", task="lucy.jobs.tasks.forget_old_runs",
        crontab=PeriodicTask.objects.get(name="holiday_godata").crontab,
    )  # fmt: skip
    run = services.begin(job.task, task_id="1", worker="", job=job.name, asked_by="", limit=LIMIT)
    services.done(run, "3건을 지웠습니다", "a line of the log")
    page = new_page(staff, viewport={"width": width, "height": 900})
    page.goto("/settings/")
    row = page.locator(f"#job-{job.pk}")
    expect(row).to_contain_text("매월 1일 00:00")
    expect(row).to_contain_text("3건을 지웠습니다")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    picture(page, f"settings-{width}")

    row.get_by_label("morning 예약").fill("70 9 * * *")
    row.get_by_role("button", name="바꾸기").click()
    expect(row.get_by_role("alert")).to_contain_text("분 칸에 ‘70’")
    row.get_by_label("morning 예약").fill("10 9 * * 1-5")
    row.get_by_label("morning 예약").press("Enter")
    expect(row).to_contain_text("월–금요일 09:10")
    row.get_by_role("button", name="멈춤").click()
    expect(row.locator(".state-off")).to_have_text("멈춤")
    row.get_by_role("button", name="지금 실행").click()
    expect(row).to_contain_text("실행을 맡겼습니다")

    row.get_by_role("link", name="기록").click()
    drawer = page.locator("#drawer")
    expect(drawer.locator("#drawer-title")).to_have_text("morning 기록")
    drawer.get_by_text("로그").first.click()
    expect(drawer.locator(".run-log")).to_contain_text("a line of the log")
