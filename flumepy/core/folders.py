"""Folders that defaults of options refer to."""

from pathlib import Path

from flumepy.core.component import Context


def home_folder(context: Context) -> str:
    """Return -Duser.home, else the user's home folder."""
    return context.system_properties.get("user.home") or str(Path.home())
