"""Model tests: the log against a plain list, for both frame formats, through closes, kills, power cuts and bit rot."""

import os
from typing import Any

from hypothesis import HealthCheck, Phase, settings

from flumepy.log.frame import Frame, NativeFormat
from tests.log.kafka_shaped import Batch, KafkaShapedFormat
from tests.log.models import LogModel

SETTINGS = settings(
    max_examples=int(os.environ.get("FLUMEPY_LOG_EXAMPLES", "80")),
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink takes minutes; put Phase.shrink in to look closer
)


class NativeModel(LogModel):
    """The engine's own frames."""

    def new_format(self) -> Any:
        return NativeFormat()

    def new_frame(self, count: int, content: bytes) -> Any:
        return Frame(1, count, [content[:10], content[10:]])


class KafkaShapedModel(LogModel):
    """Record batches, in files that grow."""

    preallocates = False
    blind_bytes = (
        16  # base offset and leader epoch; a damaged length is seen, but this keeps to what is under the checksum
    )

    def new_format(self) -> Any:
        return KafkaShapedFormat(leader_epoch=7)

    def new_frame(self, count: int, content: bytes) -> Any:
        return Batch(count - 1, content)


TestNative = NativeModel.TestCase
TestNative.settings = SETTINGS
TestKafkaShaped = KafkaShapedModel.TestCase
TestKafkaShaped.settings = SETTINGS
