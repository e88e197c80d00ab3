"""What type checkers say of code that uses jero: nothing of what is right, and something of each line that is wrong.

`rejects.py` marks each wrong line with the comment that silences it, and both checkers take a comment that silences
nothing for an error.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


CHECKERS = [
    ("mypy", "--strict", "--follow-imports=silent"),
    ("pyright", "--pythonpath", sys.executable),
]


@pytest.mark.parametrize("name", ["accepts.py", "rejects.py"])
@pytest.mark.parametrize("checker", CHECKERS, ids=("mypy", "pyright"))
def test_a_type_checker_agrees_with_every_line(
    checker: tuple[str, ...], name: str, tmp_path: Path
) -> None:
    checked = subprocess.run(
        [sys.executable, "-m", *checker, HERE / name],
        cwd=ROOT,
        env={**os.environ, "MYPY_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout
