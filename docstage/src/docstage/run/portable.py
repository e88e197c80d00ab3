"""Takes a machine's own folders out of what is shown, so that a transcript is the same on every machine."""

import os
import re
import sys
from functools import lru_cache


def without_folders(text: str) -> str:
    """The text with the paths of files below `sys.path` made relative to it, as in `File "snippets/one.py", line 3`."""
    if os.sep not in text:
        return text
    return _folders(tuple(sys.path)).sub("", text)


@lru_cache(maxsize=8)
def _folders(paths: tuple[str, ...]) -> re.Pattern[str]:
    # The longest first: site-packages is inside the standard library. Removing "/" or "/app" would go too far.
    folders = {each for each in map(os.path.abspath, paths) if each.count(os.sep) > 1}
    longest = sorted(folders, key=len, reverse=True)
    return re.compile(
        "|".join(rf"(?<![\w./-]){re.escape(each + os.sep)}" for each in longest) or "(?!)"
    )
