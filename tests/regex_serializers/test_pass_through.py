"""The pass-through serializer."""

from flumepy.regex_serializers.pass_through import PassThroughRegexSerializer
from flumepy.testing.fakes import build


def test_the_text_stays_as_it_is() -> None:
    serializer = build(PassThroughRegexSerializer)
    assert serializer.serialize(" a ") == " a "
    assert serializer.serialize_column(["a", None, ""]) == ["a", None, ""]
