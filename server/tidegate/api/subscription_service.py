"""SubscriptionService: which subscriptions take part."""

from __future__ import annotations

from typing import Protocol

from tidegate.api.fields import Fields
from tidegate.api.page_token import give_page_token, read_page_token
from tidegate.api.present_moment import present_moment
from tidegate.executor.resources import Resources
from tidegate.v1 import subscription_service_pb2 as pb


class Enrolled(Protocol):
    """What is known of a subscription."""

    @property
    def subscription(self) -> str:
        """Its id, in lower case."""

    @property
    def is_enrolled(self) -> bool:
        """It takes part."""

    @property
    def changed_at_ms(self) -> int:
        """When that last changed."""


class SubscriptionService:
    """Answers for the enrolments that the resources keep."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    async def EnrollSubscription(self, request: pb.EnrollSubscriptionRequest) -> pb.EnrollSubscriptionResponse:
        """Takes part from now on."""
        with Fields() as fields:
            subscription = fields.subscription("name", request.name)
        return pb.EnrollSubscriptionResponse(
            subscription=present_subscription(await self._resources.enroll(subscription))
        )

    async def WithdrawSubscription(self, request: pb.WithdrawSubscriptionRequest) -> pb.WithdrawSubscriptionResponse:
        """Takes part no longer."""
        with Fields() as fields:
            subscription = fields.subscription("name", request.name)
        return pb.WithdrawSubscriptionResponse(
            subscription=present_subscription(await self._resources.withdraw(subscription))
        )

    async def GetSubscription(self, request: pb.GetSubscriptionRequest) -> pb.GetSubscriptionResponse:
        """One subscription."""
        with Fields() as fields:
            subscription = fields.subscription("name", request.name)
        return pb.GetSubscriptionResponse(
            subscription=present_subscription(await self._resources.subscription(subscription))
        )

    async def ListSubscriptions(self, request: pb.ListSubscriptionsRequest) -> pb.ListSubscriptionsResponse:
        """A page of all that ever took part."""
        with Fields() as fields:
            limit = fields.page_size("page_size", request.page_size, usual=50, most=1_000)
        query = ("subscriptions",)
        key = read_page_token(query, request.page_token)
        found = await self._resources.subscriptions("" if key is None else str(key[0]), limit + 1)
        page = found[:limit]
        return pb.ListSubscriptionsResponse(
            subscriptions=[present_subscription(enrolment) for enrolment in page],
            next_page_token=give_page_token(query, [page[-1].subscription]) if len(found) > limit else "",
        )


def present_subscription(enrolment: Enrolled) -> pb.Subscription:
    """A subscription on the wire."""
    return pb.Subscription(
        name=f"/subscriptions/{enrolment.subscription}",
        is_enrolled=enrolment.is_enrolled,
        change_time=present_moment(enrolment.changed_at_ms),
    )
