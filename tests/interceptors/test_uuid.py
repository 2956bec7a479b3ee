"""The UUID interceptor."""

import uuid

from flumepy.core.batch import EventBatch
from flumepy.interceptors.uuid import UuidInterceptor, random_uuids
from flumepy.testing.conformance import InterceptorConformance
from flumepy.testing.fakes import build


class TestLaw(InterceptorConformance):
    is_deterministic = False

    def make(self) -> UuidInterceptor:
        return build(UuidInterceptor)


def test_every_event_gets_a_uuid_of_its_own() -> None:
    values = build(UuidInterceptor).intercept(EventBatch([b"x"] * 500)).headers["id"]
    assert isinstance(values, list)
    assert len(set(values)) == 500


def test_the_text_is_that_of_a_random_uuid() -> None:
    for text in random_uuids(300):
        assert text is not None
        parsed = uuid.UUID(text)
        assert str(parsed) == text
        assert (parsed.version, parsed.variant) == (4, uuid.RFC_4122)


def test_a_prefix_and_another_header_can_be_set() -> None:
    headers = build(UuidInterceptor, {"prefix": "p-", "headerName": "key"}).intercept(EventBatch([b"1"])).headers
    assert str(headers["key"]).startswith("p-") or headers["key"][0].startswith("p-")  # type: ignore[union-attr]


def test_an_existing_header_is_kept_unless_told_otherwise() -> None:
    batch = EventBatch([b"1", b"2"], {"id": ["7", None]})
    kept = build(UuidInterceptor).intercept(batch).headers["id"]
    assert kept[0] == "7"
    assert kept[1] != "7"
    shared = EventBatch([b"1"], {"id": "7"})
    assert build(UuidInterceptor).intercept(shared) is shared
    new = build(UuidInterceptor, {"preserveExisting": "false"}).intercept(batch).headers["id"]
    assert "7" not in new
