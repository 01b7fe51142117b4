from django.urls import path

from brokers.blocks.api import allocations, views

urlpatterns = [
    path("funds/", views.FundsView.as_view()),
    path("plans/", views.PlansView.as_view()),
    path("blocks/", views.BlocksView.as_view()),
    path("blocks/preview/", views.PreviewView.as_view()),
    path("blocks/<str:block_id>/", views.OneBlockView.as_view()),
    path("blocks/<str:block_id>/decide/", views.DecideView.as_view()),
    path("blocks/<str:block_id>/cancel/", views.CancelBlockView.as_view()),
    path("blocks/<str:block_id>/modify/", views.ModifyBlockView.as_view()),
    path("allocations/", allocations.AllocationsView.as_view()),
]
