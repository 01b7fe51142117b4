"""The job `judal_fetch`: one run one snapshot, whole or not at all, as rows and as files."""

import csv
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.roles import BACK_OFFICE
from brokers.models import UserNotice
from lucy import clock
from lucy.errors import LucyError
from lucy.html import PageChanged
from lucy.jobs.models import JobRun, RunStatus
from lucy.site import Pace, Site, SiteError
from screener.judal.files import remove_folder, safe_name
from screener.models import JudalRun, JudalSettings, JudalStatus, JudalStock, JudalTheme
from screener.services.judal import run_judal
from screener.tasks import judal_fetch
from tests.factories import make_user
from tests.local_site import served
from tests.screener import judal_pages as pages
from tests.screener.judal_pages import NEW, OLD, LocalJudal, Theme

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(settings, tmp_path):
    settings.JUDAL_DIR = tmp_path / "judal"
    return settings.JUDAL_DIR


@pytest.fixture
def local(folder):
    with served(LocalJudal()) as running:
        yield running


def run(local):
    return run_judal(site=Site(local.url, Pace(pause_seconds=0, attempts=1)))


def runs():
    return [one.status for one in JudalRun.objects.order_by("started_at")]


@pytest.mark.parametrize("shape", [OLD, NEW])
def test_a_run_in_either_shape(local, folder, shape):
    local.shape = shape
    done = run(local)
    assert (done.status, done.themes, done.stocks, done.pages) == (JudalStatus.DONE, 5, 5, 1 + 6 + 5)
    assert (done.refused, done.oddities) == ([], [])
    theme = JudalTheme.objects.get(run=done, number=225)
    assert theme.members == [["000100", "유한양행 편입사유"], ["000250", "삼천당제약 편입사유"]]
    assert theme.places["changeRateDesc"] == 2
    assert theme.figures["from_high_52w"] == "-44.20"
    stock = JudalStock.objects.get(run=done, symbol="000250")
    assert (stock.price, stock.change, stock.per, stock.market_value) == (130_900, 2_400, None, 30_917)

    names = sorted(path.name for path in (folder / done.name).iterdir())
    assert names == sorted(
        f"{name}.csv"
        for name in ("제약", "여행", "원자재(구리)", "우선주_배당", "반도체", "href_list", "theme_list")
    )
    with (folder / done.name / "우선주_배당.csv").open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (row["종목코드"], row["시장종류"], row["현재가"], row["버핏초이스"]) == (
        "00680K",
        "KOSPI",
        "4950",
        "",
    )
    with (folder / done.name / "href_list.csv").open(encoding="utf-8") as file:
        assert [line["name"] for line in csv.DictReader(file)][3] == "우선주/배당"


def test_a_half_read_run_leaves_nothing_and_tells_staff(local, folder):
    staff = make_user("ops", is_staff=True)
    run(local)
    before = JudalStock.objects.count()
    local.special["themeIdx=53"] = lambda: (200, "<html><body>점검중</body></html>")
    half = run(local)
    assert half.status == JudalStatus.PARTIAL
    assert [refusal["theme"] for refusal in half.refused] == ["여행"]
    assert JudalStock.objects.count() == before
    assert [path.name for path in folder.iterdir()] == [JudalRun.objects.earliest("started_at").name]
    notice = UserNotice.objects.get(user=staff)
    assert notice.kind == "scrape"
    assert "일부 실패" in notice.text
    assert notice.url.endswith(f"{half.pk}/change/")


def test_what_passes_is_asked_once_more(local):
    answers = [(503, ""), (200, pages.stock_page(local.themes[1]))]
    local.special["themeIdx=53"] = lambda: answers.pop(0)
    assert run(local).status == JudalStatus.DONE
    assert answers == []


def test_a_host_that_falls_silent_is_left_alone(local):
    local.themes = [Theme(number, f"테마{number}", (pages.YUHAN,)) for number in range(1, 31)]
    local.special.update({f"themeIdx={number}": lambda: (500, "") for number in range(3, 31)})
    half = run(local)
    assert half.status == JudalStatus.PARTIAL
    assert len(half.refused) == 28
    assert sum("themeIdx" in path for path in local.asked) == 2 + 5 + 5


def test_zero_themes_and_half_of_them_are_errors(local):
    run(local)
    local.special["/"] = lambda: (200, pages.page("주달", "<p>새 단장</p>"))
    with pytest.raises(PageChanged, match="no themes"):
        run(local)
    local.special["/"] = lambda: (200, pages.menu_page(local.themes[:2]))
    with pytest.raises(LucyError, match="2개뿐"):
        run(local)
    local.special["/"] = lambda: (500, "")
    with pytest.raises(SiteError):
        run(local)
    assert runs() == ["done", "failed", "failed", "failed"]
    assert JudalRun.objects.filter(status="done").count() == 1


def test_another_themes_page_is_refused(local):
    local.special["themeIdx=901"] = lambda: (200, pages.stock_page(local.themes[1]))
    half = run(local)
    assert half.status == JudalStatus.PARTIAL
    assert "asked for 원자재(구리), got '여행'" in half.refused[0]["reason"]


def test_what_was_left_out_is_written_down(local):
    one = local.themes[4]
    spoilt = pages.stock_page(one).replace(">96,200<br>-300<", ">9,620<br>-300<")
    local.special[f"themeIdx={one.number}"] = lambda: (200, spoilt)
    done = run(local)
    assert done.status == JudalStatus.DONE
    assert "삼성전자 (005930)" in done.oddities[0]["reason"]
    assert not JudalStock.objects.filter(run=done, symbol="005930").exists()


def test_a_run_whose_process_died_is_closed(local, folder):
    dead = JudalRun.objects.create(name="2026_11_19_15_53_00", started_at=clock.now() - timedelta(days=1))
    JudalStock.objects.create(run=dead, symbol="005930", name="삼성전자", market="kospi", price=1, change=0)
    (folder / f".half-{dead.name}").mkdir(parents=True)
    run(local)
    dead.refresh_from_db()
    assert dead.status == JudalStatus.FAILED
    assert not JudalStock.objects.filter(run=dead).exists()
    assert not (folder / f".half-{dead.name}").exists()


def test_old_runs_go_but_the_last_whole_one(local, folder):
    old = run(local)
    JudalRun.objects.filter(pk=old.pk).update(started_at=clock.now() - timedelta(days=30))
    local.special["themeIdx=53"] = lambda: (500, "")
    run(local)
    assert JudalRun.objects.filter(pk=old.pk).exists()
    local.special.clear()
    run(local)
    assert not JudalRun.objects.filter(pk=old.pk).exists()
    assert not JudalStock.objects.filter(run_id=old.pk).exists()
    assert not (folder / old.name).exists()


def test_two_runs_within_a_second_have_folders_of_their_own(local, folder):
    first, second = run(local), run(local)
    assert first.name < second.name
    assert len(list(folder.iterdir())) == 2


def test_staff_look_at_runs_and_set_how_many_stay(local):
    done = run(local)
    web = Client()
    web.force_login(make_user("ops", groups=(BACK_OFFICE,), is_staff=True))
    assert done.name in web.get(reverse("admin:screener_judalrun_changelist")).content.decode()
    assert web.get(reverse("admin:screener_judalrun_change", args=[done.pk])).status_code == 200
    (settings,) = JudalSettings.objects.all()
    address = reverse("admin:screener_judalsettings_change", args=[settings.pk])
    assert web.post(address, {"enabled": "on", "pause_seconds": "2", "keep_days": "14"}).status_code == 302
    settings.refresh_from_db()
    assert (settings.keep_days, settings.pause_seconds) == (14, 2)
    shown = web.get("/settings/").content.decode()
    assert "주달 수집 설정" in shown
    assert address in shown


@pytest.fixture
def as_judal(local, monkeypatch):
    """The job reads the local site."""
    monkeypatch.setattr("screener.services.judal.JUDAL", local.url)
    JudalSettings.objects.create(pause_seconds=0)
    return local


def test_switched_off_it_runs_only_for_who_asks(as_judal):
    JudalSettings.objects.update(enabled=False)
    assert judal_fetch() == 0
    assert runs() == []
    assert judal_fetch.apply(headers={"asked_by": "ops"}).get() == 5
    assert JudalRun.objects.get().trigger == "ops"


def test_a_half_read_run_is_a_failed_job(as_judal):
    as_judal.special["themeIdx=53"] = lambda: (200, "<html><body>점검중</body></html>")
    task = judal_fetch.apply()
    assert task.failed()
    assert runs() == ["partial"]
    job = JobRun.objects.get()
    assert job.status == RunStatus.FAILED
    assert job.error.startswith("1개 페이지를 읽지 못해 버렸습니다. 예: 여행 (PageChanged: ")


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("원자재(구리)", "원자재(구리)"),
        ("2차전지/소재 부품", "2차전지_소재_부품"),
        ("../../etc/passwd", "etc_passwd"),
        ("..", "_"),
        (".hidden", "hidden"),
        ("가\0나\n다", "가_나_다"),
        ("C:\\windows", "C_windows"),
        ("가" * 100, "가" * 40),
        ("반도체\u1112\u1161\u11ab", "반도체한"),
    ],
)
def test_names_that_are_safe_for_files(name, safe):
    assert safe_name(name) == safe


def test_files_of_one_name_and_reserved_ones(local, folder):
    local.themes = [Theme(7, "가/나", (pages.YUHAN,)), Theme(8, "가 나", (pages.YUHAN,)), Theme(9, "CON", ())]
    empty = pages.stock_page(local.themes[2]).replace(
        "<tbody>", '<tbody><tr><td colspan="21">없습니다</td></tr>'
    )
    local.special["themeIdx=9"] = lambda: (200, empty)
    done = run(local)
    names = {path.stem for path in (folder / done.name).iterdir()}
    assert names == {"가_나", "가_나_8", "CON_9", "href_list", "theme_list"}


def test_no_other_folder_is_ever_removed(tmp_path):
    for name in ("..", "2026_11_20", "", "/etc"):
        with pytest.raises(ValueError, match="no run's folder"):
            remove_folder(tmp_path, name)
