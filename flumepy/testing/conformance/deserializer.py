"""The law of deserializers: the same events from every position, limits kept, a file's end is an empty batch."""

from abc import abstractmethod
from pathlib import Path
from typing import Any

import pytest

from flumepy.core.deserializer import Deserializer, TextRules
from flumepy.testing.conformance.component import ComponentConformance


class DeserializerConformance(ComponentConformance):
    """Tests for deserializers."""

    @abstractmethod
    def make(self) -> Deserializer[Any]:
        """Return a new deserializer."""

    @abstractmethod
    def sample(self) -> tuple[bytes, list[bytes]]:
        """Return the bytes of a file and the bodies of its events, at least three."""

    @pytest.fixture
    def sample_file(self, tmp_path: Path) -> Path:
        """Return a file with the sample."""
        path = tmp_path / "sample"
        path.write_bytes(self.sample()[0])
        return path

    @pytest.mark.parametrize("limit", [1, 2, 1000])
    def test_a_file_gives_its_events_in_order(self, sample_file: Path, limit: int) -> None:
        bodies: list[bytes] = []
        with sample_file.open("rb", buffering=0) as file:
            reader = self.make().open(file, 0, TextRules())
            while batch := reader.read(limit):
                assert len(batch) <= limit
                bodies += batch.bodies
            assert len(reader.read(limit)) == 0, "the end of the file must stay the end"
        assert bodies == self.sample()[1]

    def test_a_new_reader_goes_on_where_the_old_one_stood(self, sample_file: Path) -> None:
        bodies: list[bytes] = []
        position = 0
        while True:
            with sample_file.open("rb", buffering=0) as file:
                reader = self.make().open(file, position, TextRules())
                batch = reader.read(1)
                position = reader.position
            if not batch:
                break
            bodies += batch.bodies
        # Nothing may be missed; a format that can only resume at its blocks repeats what is before the position.
        assert self.is_covered(bodies)

    def is_covered(self, bodies: list[bytes]) -> bool:
        """Tell whether reading with a new reader per event gave what it must; formats with blocks may override."""
        return bodies == self.sample()[1]

    def test_an_empty_file_has_no_events(self, tmp_path: Path) -> None:
        path = tmp_path / "empty"
        path.touch()
        with path.open("rb", buffering=0) as file:
            assert len(self.make().open(file, 0, TextRules()).read(10)) == 0
