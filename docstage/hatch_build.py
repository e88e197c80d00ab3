"""Builds the page's scripts and Python for the browser into the wheel: its users need no Node and no network."""

import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILT: Final = Path("src/docstage/built")
MANIFEST: Final = "engine.json"


class Engine(BuildHookInterface[Any]):
    """Builds the engine, unless it is there: an sdist has it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it packs."""
        if version == "editable":
            return  # In a checkout it is built when it is needed.
        root = Path(self.root)
        if not (root / BUILT / MANIFEST).is_file():
            command = [sys.executable, "-m", "docstage.bundle.from_source", str(root / BUILT)]
            subprocess.run(command, cwd=root / "src", check=True)  # noqa: S603 - the command is this file's own
        build_data["artifacts"].append(f"/{BUILT.as_posix()}/**")
