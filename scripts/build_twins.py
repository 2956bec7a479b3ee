"""Build hook: compile each `_name.c` of the package, the twin in C of `name.py`, beside its source.

Runs only where hatchling's hooks are enabled, as `scripts/compile` does it.
"""

import os
import shlex
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FLAGS = ("-O3", "-std=c11", "-Wall", "-Wextra", "-Wno-unused-parameter", "-shared", "-fPIC")


class TwinsHook(BuildHookInterface[Any]):
    """Compile the twins and put them into the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile; a failure ends the build with the compiler's words."""
        for source in sorted(Path(self.root, "flumepy").rglob("_*.c")):
            compile_twin(source)
        build_data["infer_tag"], build_data["pure_python"] = True, False
        build_data["artifacts"].append("/flumepy/**/_*.so")


def compile_twin(source: Path) -> None:
    """Write the module beside its source. Raises CalledProcessError."""
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    module = source.with_suffix(sysconfig.get_config_var("EXT_SUFFIX"))
    include = f"-I{sysconfig.get_path('include')}"
    subprocess.run([*compiler, *FLAGS, include, str(source), "-o", str(module)], check=True)
