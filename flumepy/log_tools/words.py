"""Numbers in sentences: how many there are, and what is known of a number that is not certain."""


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number and its noun, like `1 event` or `2 events`. many: where it is not just an s more."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def known(number: int, *, is_least: bool) -> str:
    """Return a number as far as it is known; one that may be larger is `at least` that."""
    if not is_least:
        return str(number)
    return f"at least {number}" if number else "unknown"


def lost_events(number: int, *, is_least: bool = False) -> str:
    """Return the end of a sentence about damage that says what it costs; nothing where it costs nothing."""
    if not number:
        return "; how many events are lost is not known" if is_least else ""
    return f"; {'at least ' if is_least else ''}{counted(number, 'event')} {'is' if number == 1 else 'are'} lost"
