"""What `migrate` brings: three groups with their permissions."""

import pytest
from django.contrib.auth.models import Group, Permission

from accounts.models import User
from accounts.roles import ADMINISTRATOR, BACK_OFFICE, TRADER, back_office_permissions, keep_roles
from accounts.services import give_role
from brokers.rights import accounts_of, require_trading
from lucy.errors import LucyError
from tests.accounts.callers import browser_of, make_staff
from tests.factories import grant, make_account, make_user

pytestmark = pytest.mark.django_db


def test_the_groups_are_there_after_migrate(db):
    assert set(Group.objects.values_list("name", flat=True)) >= {TRADER, BACK_OFFICE, ADMINISTRATOR}
    back_office = Group.objects.get(name=BACK_OFFICE)
    assert back_office.permissions.count() == len(back_office_permissions())
    assert Group.objects.get(name=ADMINISTRATOR).permissions.count() == Permission.objects.count()
    assert not Group.objects.get(name=TRADER).permissions.exists()


def test_migrating_again_keeps_what_was_changed(db):
    back_office = Group.objects.get(name=BACK_OFFICE)
    row = Group.permissions.through.objects.filter(group=back_office).first()
    dropped, kept_key = row.permission, row.pk
    row.delete()
    keep_roles()
    assert not back_office.permissions.filter(pk=dropped.pk).exists()
    row.pk = kept_key  # as it was: rows of other keys are swept away after each test
    row.save(force_insert=True)


@pytest.mark.parametrize(("role", "staff"), [(TRADER, False), (BACK_OFFICE, True), (ADMINISTRATOR, True)])
def test_a_role_opens_the_admin_or_not(role, staff):
    user = make_user()
    give_role(user, role)
    assert user.is_staff is staff
    assert browser_of(user).get("/admin/").status_code == (200 if staff else 302)


def test_back_office_sees_every_account_and_trades_only_by_grant(trader):
    account = make_account(trader)
    staff = make_staff(BACK_OFFICE)
    assert list(accounts_of(staff)) == [account]
    with pytest.raises(LucyError) as refused:
        require_trading(staff, account)
    assert refused.value.code == "may_not_trade"
    grant(account, staff, can_trade=True)
    require_trading(staff, account)


def test_back_office_lacks_what_is_not_its_job():
    staff = User.objects.get(pk=make_staff(BACK_OFFICE).pk)
    for permission in ("brokers.change_order", "auth.change_group", "brokers.delete_brokeraccount"):
        assert not staff.has_perm(permission)
    assert staff.has_perms(
        ["brokers.cancel_any_order", "accounts.change_user", "django_celery_beat.change_periodictask"]
    )
