from django.urls import path

from brokers.blocks.api import allocations, funds, rounds, views

urlpatterns = [
    path("funds/", funds.FundsView.as_view()),
    path("funds/<str:fund_id>/", funds.OneFundView.as_view()),
    path("funds/<str:fund_id>/books/", funds.FundBooksView.as_view()),
    path("funds/<str:fund_id>/targets/", funds.FundTargetsView.as_view()),
    path("funds/<str:fund_id>/restrictions/", funds.FundRestrictionsView.as_view()),
    path("plans/", views.PlansView.as_view()),
    path("blocks/", views.BlocksView.as_view()),
    path("blocks/preview/", views.PreviewView.as_view()),
    path("blocks/<str:block_id>/", views.OneBlockView.as_view()),
    path("blocks/<str:block_id>/decide/", views.DecideView.as_view()),
    path("blocks/<str:block_id>/cancel/", views.CancelBlockView.as_view()),
    path("blocks/<str:block_id>/modify/", views.ModifyBlockView.as_view()),
    path("rebalance/", rounds.RebalanceView.as_view()),
    path("rebalance/preview/", rounds.RebalancePreviewView.as_view()),
    path("baskets/", rounds.BasketsView.as_view()),
    path("baskets/preview/", rounds.BasketPreviewView.as_view()),
    path("baskets/<str:basket_id>/", rounds.OneBasketView.as_view()),
    path("allocations/", allocations.AllocationsView.as_view()),
]
