"""The fakes keep the law too, where it applies to them."""

from flumepy.testing.conformance import ChannelConformance
from flumepy.testing.fakes import ListChannel


class TestListChannel(ChannelConformance):
    counts = False

    def make(self) -> ListChannel:
        return ListChannel(capacity=1000, transaction_capacity=100)

    def make_small(self) -> ListChannel:
        return ListChannel(capacity=4)
