"""Whether the modules that pyproject.toml names for mypyc were compiled here; what they do is the same."""

from importlib.util import find_spec


def is_compiled() -> bool:
    """Tell whether a transaction of the file channel runs compiled."""
    spec = find_spec("flumepy.core.transaction")
    return spec is not None and not (spec.origin or "").endswith(".py")
