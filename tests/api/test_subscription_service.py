"""Subscriptions over the wire: taking part, no longer, and who ever did."""

import grpc

from tests.contracts.served import Served, refused
from tests.executor.world import SUBSCRIPTION
from tidegate.api.subscription_service import present_subscription
from tidegate.v1 import subscription_service_pb2 as pb


async def test_a_subscription_takes_part_and_no_longer_and_again() -> None:
    async with Served() as served:
        name = f"/subscriptions/{SUBSCRIPTION.upper()}"
        enrolled = await served.subscriptions.EnrollSubscription(pb.EnrollSubscriptionRequest(name=name))
        assert (enrolled.subscription.name, enrolled.subscription.is_enrolled) == (
            f"/subscriptions/{SUBSCRIPTION}",
            True,
        )
        again = await served.subscriptions.EnrollSubscription(pb.EnrollSubscriptionRequest(name=SUBSCRIPTION))
        assert again.subscription == enrolled.subscription
        gone = await served.subscriptions.WithdrawSubscription(pb.WithdrawSubscriptionRequest(name=SUBSCRIPTION))
        assert not gone.subscription.is_enrolled
        kept = await served.subscriptions.GetSubscription(pb.GetSubscriptionRequest(name=name))
        assert kept.subscription == gone.subscription


async def test_all_that_ever_took_part_are_listed_page_by_page() -> None:
    async with Served() as served:
        for name in ("c", "A", "b"):
            await served.subscriptions.EnrollSubscription(pb.EnrollSubscriptionRequest(name=name))
        await served.subscriptions.WithdrawSubscription(pb.WithdrawSubscriptionRequest(name="b"))
        found, token = [], ""
        while True:
            request = pb.ListSubscriptionsRequest(page_size=2, page_token=token)
            page = await served.subscriptions.ListSubscriptions(request)
            found.append([(each.name, each.is_enrolled) for each in page.subscriptions])
            if not (token := page.next_page_token):
                break
        assert found == [[("/subscriptions/a", True), ("/subscriptions/b", False)], [("/subscriptions/c", True)]]


async def test_what_is_wrong_is_refused() -> None:
    async with Served() as served:
        unknown = await refused(served.subscriptions.GetSubscription(pb.GetSubscriptionRequest(name="nobody")))
        assert (unknown.code, unknown.reason) == (grpc.StatusCode.NOT_FOUND, "SUBSCRIPTION_NOT_FOUND")
        assert unknown.resource == "/subscriptions/nobody"
        malformed = await refused(served.subscriptions.EnrollSubscription(pb.EnrollSubscriptionRequest(name="a/b")))
        assert list(malformed.fields) == ["name"]
        page = await refused(served.subscriptions.ListSubscriptions(pb.ListSubscriptionsRequest(page_size=1_001)))
        assert list(page.fields) == ["page_size"]
        token = await refused(served.subscriptions.ListSubscriptions(pb.ListSubscriptionsRequest(page_token="x")))
        assert token.reason == "PAGE_TOKEN_MISMATCH"


def test_a_subscription_keeps_the_moment_of_its_change() -> None:
    class Known:
        subscription = "s"
        is_enrolled = True
        changed_at_ms = 1_500

    assert present_subscription(Known()).change_time.ToMilliseconds() == 1_500
