"""승인: what waits for a second person, and the answer."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from brokers.blocks.rights import APPROVE
from brokers.blocks.selectors import approvals_waiting
from brokers.blocks.services import approvals as service
from brokers.blocks.views.blocks import back_to, own_block
from brokers.views.access import SignedInRequest, signed_in
from lucy.errors import LucyError


@require_GET
@signed_in
def approvals(request: SignedInRequest) -> HttpResponse:
    context = {
        "waiting": approvals_waiting(request.user),
        "may_approve": request.user.has_perm(APPROVE),
    }
    return render(request, "blocks/approvals.html", context)


@require_POST
@signed_in
def decide(request: SignedInRequest, pk: str) -> HttpResponse:
    """`answer`: approve, refuse (with a note) or withdraw."""
    block = own_block(request, pk)
    note = request.POST.get("note", "")[:300]
    try:
        match request.POST.get("answer"):
            case "approve":
                service.approve(block, request.user, note)
                messages.success(request, "승인했습니다. 주문을 보내고 있습니다.")
            case "refuse":
                service.refuse(block, request.user, note)
                messages.success(request, "거절했습니다. 요청한 사람에게 알렸습니다.")
            case "withdraw":
                service.withdraw(block, request.user)
                messages.success(request, "철회했습니다. 나간 주문은 없습니다.")
    except LucyError as refusal:
        messages.error(request, refusal.message)
    return back_to(block)
