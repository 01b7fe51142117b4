"""People, jobs and sign-ins in the admin."""

import pytest
from axes.models import AccessAttempt
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask

from accounts.models import User
from accounts.roles import ADMINISTRATOR, BACK_OFFICE, BLOCK_APPROVER, TRADER
from accounts.services import give_role
from brokers.models import AccountGrant
from tests.accounts.callers import browser_of, make_staff, script_of
from tests.factories import PASSWORD, make_account, make_user

pytestmark = pytest.mark.django_db

USERS = "/admin/accounts/user/"
JOBS = "/admin/django_celery_beat/periodictask/"


@pytest.fixture
def staff(db):
    return make_staff(BACK_OFFICE, "office")


@pytest.fixture
def chief(db):
    return make_staff(ADMINISTRATOR, "chief")


def group(name):
    return str(Group.objects.get(name=name).pk)


def form(user, **changes):
    values = {
        "username": user.username,
        "is_active": "on",
        "grants-TOTAL_FORMS": "0",
        "grants-INITIAL_FORMS": "0",
    }
    return values | changes


def change(editor, user, **changes):
    return browser_of(editor).post(f"{USERS}{user.pk}/change/", form(user, **changes))


def test_every_page_of_the_admin_opens_for_a_superuser(trader):
    root = make_user("root", is_staff=True, is_superuser=True)
    Client().post(reverse("accounts:sign-in"), {"username": "kim", "password": "wrong"})
    Client().post(reverse("accounts:sign-in"), {"username": "kim", "password": PASSWORD})
    client = browser_of(root)
    for model, model_admin in admin.site._registry.items():
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        assert client.get(reverse(f"admin:{name}_changelist")).status_code == 200, name
        assert client.get(reverse(f"admin:{name}_changelist"), {"q": "x"}).status_code == 200, name
        may_add = model_admin.has_add_permission(client.get("/admin/").wsgi_request)
        assert client.get(reverse(f"admin:{name}_add")).status_code == (200 if may_add else 403), name


def test_back_office_adds_a_trader_with_an_account(staff):
    account = make_account()
    client = browser_of(staff)
    words = {"username": "new", "password1": "long-enough-word", "password2": "long-enough-word"}
    assert client.post(f"{USERS}add/", words | {"usable_password": "true"}).status_code == 302
    user = User.objects.get(username="new")
    right = {"grants-TOTAL_FORMS": "1", "grants-0-account": str(account.pk), "grants-0-can_trade": "on"}
    assert change(staff, user, groups=[group(TRADER)], **right).status_code == 302
    assert (AccountGrant.objects.get().user, user.groups.get().name) == (user, TRADER)
    user.refresh_from_db()
    assert not user.is_staff


def test_back_office_makes_nobody_staff(staff, trader):
    page = change(staff, trader, groups=[group(ADMINISTRATOR)], is_staff="on", is_superuser="on")
    assert page.status_code == 200  # the group is no choice
    change(staff, trader, is_staff="on", is_superuser="on", user_permissions=["x"])
    trader.refresh_from_db()
    assert (trader.is_staff, trader.is_superuser) == (False, False)


def test_back_office_touches_no_staff_and_not_itself(staff, chief):
    for other in (staff, chief, make_user("root", is_superuser=True)):
        assert change(staff, other, email="x@example.com").status_code == 403
        words = {"password1": "long-enough-word", "password2": "long-enough-word"}
        assert browser_of(staff).post(f"{USERS}{other.pk}/password/", words).status_code == 403
    assert browser_of(staff).get(f"{USERS}{chief.pk}/change/").status_code == 200


def test_back_office_is_no_second_person_of_blocks(staff, trader):
    """Neither by a group that may more than back office may, nor by the password of one who is in it."""
    approver = make_user("lim")
    give_role(approver, BLOCK_APPROVER)
    assert change(staff, trader, groups=[group(BLOCK_APPROVER)]).status_code == 200  # the group is no choice
    assert change(staff, approver, email="x@example.com").status_code == 403
    words = {"password1": "long-enough-word", "password2": "long-enough-word", "usable_password": "true"}
    assert browser_of(staff).post(f"{USERS}{approver.pk}/password/", words).status_code == 403
    alone = make_user("han")
    alone.user_permissions.add(Permission.objects.get(codename="approve_block"))
    assert browser_of(staff).post(f"{USERS}{alone.pk}/password/", words).status_code == 403
    assert not trader.groups.filter(name=BLOCK_APPROVER).exists()


def test_an_administrator_makes_and_unmakes_staff(chief, trader):
    assert change(chief, trader, groups=[group(BACK_OFFICE)]).status_code == 302
    trader.refresh_from_db()
    assert trader.is_staff
    change(chief, trader, groups=[group(TRADER)])
    trader.refresh_from_db()
    assert not trader.is_staff


def test_people_are_stopped_not_deleted(chief, trader):
    assert browser_of(chief).post(f"{USERS}{trader.pk}/delete/", {"post": "yes"}).status_code == 403
    assert change(chief, trader, is_active="").status_code == 302
    trader.refresh_from_db()
    assert not trader.is_active


def test_a_password_given_by_staff_ends_the_tokens(staff, trader):
    script = script_of(trader)
    words = {"password1": "long-enough-word", "password2": "long-enough-word", "usable_password": "true"}
    assert browser_of(staff).post(f"{USERS}{trader.pk}/password/", words).status_code == 302
    assert script.get("/api/v1/accounts/").status_code == 401


def test_a_password_changed_in_the_admin_ends_the_tokens_too(staff):
    script = script_of(staff)
    words = {
        "old_password": PASSWORD,
        "new_password1": "long-enough-word",
        "new_password2": "long-enough-word",
    }
    assert browser_of(staff).post("/admin/password_change/", words).status_code == 302
    assert script.get("/api/v1/accounts/").status_code == 401


def test_tokens_are_taken_back_by_staff(staff, trader):
    script = script_of(trader)
    body = {"action": "revoke_tokens", "_selected_action": [str(trader.pk)]}
    assert "모두 회수했습니다" in browser_of(staff).post(USERS, body, follow=True).content.decode()
    assert script.get("/api/v1/accounts/").status_code == 401


def test_a_trader_has_no_admin(trader):
    give_role(trader, TRADER)
    for page in ("/admin/", USERS, JOBS):
        assert browser_of(trader).get(page).status_code == 302


def job(crontab=None, **changes):
    values = {
        "name": "청소",
        "task": "accounts.tasks.forget_old_sign_ins",
        "enabled": "on",
        "crontab": str(crontab.pk) if crontab else "",
        "args": "[]",
        "kwargs": "{}",
        "headers": "{}",
    }
    return values | changes


@pytest.fixture
def every_morning(db):
    return CrontabSchedule.objects.create(minute="30", hour="7")


def test_a_job_is_added_changed_and_stopped(staff, every_morning):
    client = browser_of(staff)
    assert client.get(f"{JOBS}add/").status_code == 200
    assert client.post(f"{JOBS}add/", job(every_morning)).status_code == 302
    made = PeriodicTask.objects.latest("pk")
    page = client.get(f"{JOBS}{made.pk}/change/")
    assert page.status_code == 200
    assert every_morning.human_readable in page.content.decode()
    assert (
        client.post(f"{JOBS}{made.pk}/change/", job(every_morning, name="아침", enabled="")).status_code
        == 302
    )
    made.refresh_from_db()
    assert (made.name, made.enabled, made.crontab) == ("아침", False, every_morning)


@pytest.mark.parametrize(
    ("action", "enabled"), [("enable_tasks", True), ("disable_tasks", False), ("toggle_tasks", False)]
)
def test_jobs_are_switched_from_the_list(staff, every_morning, action, enabled):
    made = PeriodicTask.objects.create(name="x", task="y", crontab=every_morning)
    body = {"action": action, "_selected_action": [str(made.pk)]}
    assert browser_of(staff).post(JOBS, body, follow=True).status_code == 200
    made.refresh_from_db()
    assert made.enabled is enabled


def test_a_job_is_run_now(staff, every_morning, settings):
    from lucy.celery import app

    made = PeriodicTask.objects.create(
        name="x", task="accounts.tasks.forget_old_sign_ins", crontab=every_morning
    )
    app.conf.task_always_eager, before = True, app.conf.task_always_eager
    try:
        body = {"action": "run_tasks", "_selected_action": [str(made.pk)]}
        assert browser_of(staff).post(JOBS, body, follow=True).status_code == 200
    finally:
        app.conf.task_always_eager = before


def test_schedules_of_every_kind_are_kept(staff, every_morning):
    PeriodicTask.objects.create(name="x", task="y", crontab=every_morning)
    client = browser_of(staff)
    forms = {
        "intervalschedule": {"every": "5", "period": "minutes"},
        "crontabschedule": dict.fromkeys(
            ("minute", "hour", "day_of_month", "month_of_year", "day_of_week"), "1"
        )
        | {"timezone": "Asia/Seoul"},
        "clockedschedule": {"clocked_time_0": "2030-01-02", "clocked_time_1": "09:00:00"},
    }
    for model, values in forms.items():
        inline = {"periodictask_set-TOTAL_FORMS": "0", "periodictask_set-INITIAL_FORMS": "0"}
        response = client.post(f"/admin/django_celery_beat/{model}/add/", values | inline)
        assert response.status_code == 302, response.context["errors"]
    page = client.get(f"/admin/django_celery_beat/crontabschedule/{every_morning.pk}/change/")
    assert page.status_code == 200
    fives = IntervalSchedule.objects.filter(every=5)  # migrate brings one of its own
    assert (fives.count(), ClockedSchedule.objects.count()) == (1, 1)


def test_staff_sees_who_waits_and_ends_it(staff, trader):
    for _ in range(5):
        Client().post(reverse("accounts:sign-in"), {"username": "kim", "password": "wrong"})
    client = browser_of(staff)
    page = client.get("/admin/axes/accessattempt/").content.decode()
    assert "kim" in page
    body = {"action": "forgive", "_selected_action": [str(AccessAttempt.objects.get().pk)]}
    client.post("/admin/axes/accessattempt/", body)
    assert not AccessAttempt.objects.exists()
    assert client.get("/admin/axes/accessfailurelog/").context["cl"].result_count == 5
