import subprocess
import sys


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_jero_itself_imports_neither_httpx_nor_its_own_test_tools() -> None:
    done = run("import sys, jero; print({'httpx', 'anyio', 'jero.testing'} & {*sys.modules})")
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_who_has_no_httpx_is_told_how_to_get_it() -> None:
    done = run("import sys; sys.modules['httpx'] = None; import jero.testing")
    assert "jero.testing needs httpx: install `jero[testing]`" in done.stderr
