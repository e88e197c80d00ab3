"""Leaves out of the site what lies in the docs folder and is not a file, such as a symbolic link to nothing.

MkDocs would try to copy it, and fail. Part of the plugin.
"""

from pathlib import Path

from mkdocs.plugins import get_plugin_logger
from mkdocs.structure.files import Files

_logger = get_plugin_logger(__name__)


def on_files(files: Files, /, **_: object) -> None:
    """Take them out of the list, with a warning each."""
    for file in list(files):
        if file.abs_src_path is not None and not Path(file.abs_src_path).is_file():
            _logger.warning("%s is not a file, and is left out of the site", file.abs_src_path)
            files.remove(file)
