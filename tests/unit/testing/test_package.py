import subprocess
import sys

import pytest


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_jero_itself_imports_neither_httpx_nor_its_own_test_tools() -> None:
    done = run(
        "import sys, jero; print({'httpx', 'httpx2', 'anyio', 'jero.testing'} & {*sys.modules})"
    )
    assert (done.stdout, done.stderr) == ("set()\n", "")


ASK = """
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 204})
    await send({"type": "http.response.body"})

from jero.testing import SyncASGITransport
with lib.Client(transport=SyncASGITransport(app), base_url="http://t") as client:
    print(client.get("/").status_code)
"""


@pytest.mark.parametrize(("missing", "used"), [("httpx", "httpx2"), ("httpx2", "httpx")])
def test_one_of_the_two_libraries_is_enough(missing: str, used: str) -> None:
    done = run(f"import sys; sys.modules['{missing}'] = None; import {used} as lib\n{ASK}")
    assert (done.stdout, done.stderr) == ("204\n", "")


def test_an_httpx_that_is_an_alias_of_httpx2_is_served() -> None:
    done = run(f"import httpx2; httpx2.alias_httpx(); import httpx as lib\n{ASK}")
    assert (done.stdout, done.stderr) == ("204\n", "")
