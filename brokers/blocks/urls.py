"""Pages of block orders."""

from django.urls import path

from brokers.blocks.views import approvals, baskets, blocks, fund_edit, funds, plans, rebalancing, reports

app_name = "blocks"
urlpatterns = [
    path("", blocks.blocks, name="blocks"),
    path("new/", blocks.new, name="new"),
    path("new/preview/", blocks.live_preview, name="preview"),
    path("new/preview/accounts/", blocks.preview_accounts, name="preview-accounts"),
    path("new/review/", blocks.review, name="review"),
    path("new/place/", blocks.place, name="place"),
    path("<objectid:pk>/", blocks.block, name="block"),
    path("<objectid:pk>/live/", blocks.live, name="live"),
    path("<objectid:pk>/cancel/", blocks.cancel, name="cancel"),
    path("<objectid:pk>/modify/", blocks.modify, name="modify"),
    path("<objectid:pk>/decide/", approvals.decide, name="decide"),
    path("approvals/", approvals.approvals, name="approvals"),
    path("plans/", plans.plans, name="plans"),
    path("plans/new/", plans.edit, name="new-plan"),
    path("plans/<objectid:pk>/", plans.plan, name="plan"),
    path("plans/<objectid:pk>/edit/", plans.edit, name="edit-plan"),
    path("funds/", funds.funds, name="funds"),
    path("funds/new/", fund_edit.make, name="new-fund"),
    path("funds/<objectid:pk>/", funds.fund, name="fund"),
    path("funds/<objectid:pk>/edit/", fund_edit.head, name="edit-fund"),
    path("funds/<objectid:pk>/books/", fund_edit.books, name="fund-books"),
    path("funds/<objectid:pk>/targets/", fund_edit.targets, name="fund-targets"),
    path("funds/<objectid:pk>/restrictions/", fund_edit.restrictions, name="fund-restrictions"),
    path("rebalance/", rebalancing.rebalance, name="rebalance"),
    path("rebalance/<uuid:name>/", rebalancing.one_round, name="rebalance-round"),
    path("basket/", baskets.basket, name="basket"),
    path("basket/example.<str:kind>", baskets.example, name="basket-example"),
    path("basket/place/", baskets.place, name="basket-place"),
    path("basket/<objectid:pk>/", baskets.one, name="one-basket"),
    path("basket/<objectid:pk>/resume/", baskets.resume, name="resume-basket"),
    path("report/", reports.report, name="allocations"),
    path("report/file.<str:kind>", reports.report_file, name="allocations-file"),
]
