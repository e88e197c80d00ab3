"""`pytest --docstage` in another project: a small Starlette application with two requests."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

MODULE = """
import warnings

from starlette.applications import Starlette
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route


async def hello(request):
    print("asked for", request.query_params["name"])
    warnings.warn("shown", stacklevel=1)
    return JSONResponse({"hello": request.query_params["name"], "host": str(request.url)})


async def count(request):
    async def numbers():
        for number in range(3):
            yield f"{number}\\n"

    return StreamingResponse(numbers(), media_type="text/plain")


app = Starlette(routes=[Route("/hello", hello), Route("/count", count)])
"""

REQUESTS = """\
### Say hello

GET http://127.0.0.1:8000/hello?name=Ada

### Count

GET http://127.0.0.1:8000/count
"""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recorded project."""
    root = tmp_path_factory.mktemp("recorded")
    (root / "pyproject.toml").write_text(
        '[tool.docstage]\nsnippets = ["examples"]\n\n'
        '[tool.pytest.ini_options]\ntestpaths = ["tests"]\n'
    )
    (root / "tests").mkdir()
    (root / "tests" / "test_own.py").write_text("def test_own(): pass\n")
    examples = root / "examples"
    examples.mkdir()
    (examples / "__init__.py").touch()
    (examples / "hello.py").write_text(MODULE)
    (examples / "hello.http").write_text(REQUESTS)
    subprocess.run([sys.executable, "-m", "docstage", "record"], cwd=root, check=True)
    return root


@pytest.fixture
def project(pytester: pytest.Pytester, recorded: Path) -> Path:
    """The project, in the working directory of this test."""
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    shutil.copytree(recorded, pytester.path, dirs_exist_ok=True, ignore=ignored)
    return pytester.path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_each_request_of_each_snippet_is_a_test(pytester: pytest.Pytester, project: Path) -> None:
    ran = pytester.runpytest("--docstage", "-v", "--strict-markers")
    ran.assert_outcomes(passed=3)
    ran.stdout.fnmatch_lines(
        [
            "tests/test_own.py::test_own PASSED*",
            "examples/hello.http::Say hello PASSED*",
            "examples/hello.http::Count PASSED*",
        ]
    )


@pytest.mark.usefixtures("project")
def test_without_the_option_nothing_is_collected(pytester: pytest.Pytester) -> None:
    pytester.runpytest(".").assert_outcomes(passed=1)


@pytest.mark.usefixtures("project")
def test_one_request_can_be_named(pytester: pytest.Pytester) -> None:
    ran = pytester.runpytest("--docstage", "examples/hello.http::Count")
    ran.assert_outcomes(passed=1)


def test_a_failure_is_the_difference_of_the_transcripts_and_no_traceback(
    pytester: pytest.Pytester, project: Path
) -> None:
    edit(project / "examples/hello.py", '{"hello"', '{"goodbye"')
    ran = pytester.runpytest("--docstage")
    ran.assert_outcomes(passed=2, failed=1)
    ran.stdout.fnmatch_lines(
        ["--- hello.transcript", '-0.000  chunk      {"hello":*', '+0.000  chunk      {"goodbye":*']
    )
    ran.stdout.no_fnmatch_line("*Traceback*")
    ran.stdout.no_fnmatch_line("*pytest_plugin.py*")


def test_an_application_that_crashes_fails_with_what_it_raised(
    pytester: pytest.Pytester, project: Path
) -> None:
    edit(project / "examples/hello.py", "import warnings\n", "import no_such_module\n")
    ran = pytester.runpytest("--docstage")
    ran.assert_outcomes(passed=1, failed=2)
    ran.stdout.fnmatch_lines(["*No module named 'no_such_module'*"])


def test_a_request_without_recorded_output_fails_and_names_the_command(
    pytester: pytest.Pytester, project: Path
) -> None:
    edit(project / "examples/hello.http", "### Count", "### Count again")
    ran = pytester.runpytest("--docstage")
    ran.assert_outcomes(passed=2, failed=2)
    ran.stdout.fnmatch_lines(
        [
            "'Count again' has no recorded output: run `docstage record hello`*",
            "hello.transcript has 'Count', which hello.http does not have*",
        ]
    )


def test_a_broken_request_file_is_an_error_that_names_the_line(
    pytester: pytest.Pytester, project: Path
) -> None:
    (project / "examples/hello.http").write_text("### Broken\n\nnonsense\n")
    ran = pytester.runpytest("--docstage")
    ran.assert_outcomes(errors=1)
    ran.stdout.fnmatch_lines(["*hello.http: *"])
    ran.stdout.no_fnmatch_line("*Traceback*")


def test_snippets_run_over_a_socket_too(pytester: pytest.Pytester, project: Path) -> None:
    arguments = ("--docstage", "--docstage-over=process,server", "-v", "examples")
    ran = pytester.runpytest(*arguments)
    ran.assert_outcomes(passed=4)
    ran.stdout.fnmatch_lines(["examples/hello.http::Say hello?server? PASSED*"])
    pytester.runpytest(*arguments, "-m", "docstage(over='server')").assert_outcomes(
        passed=2, deselected=2
    )
    edit(project / "examples/hello.py", '{"hello"', '{"goodbye"')
    ran = pytester.runpytest(*arguments)
    ran.assert_outcomes(passed=2, failed=2)


@pytest.mark.usefixtures("project")
def test_snippets_run_in_a_fresh_interpreter_too(pytester: pytest.Pytester) -> None:
    ran = pytester.runpytest("--docstage", "--docstage-over=fresh", "-v", "examples")
    ran.assert_outcomes(passed=2)
    ran.stdout.fnmatch_lines(["examples/hello.http::Count?fresh? PASSED*"])


@pytest.mark.usefixtures("project")
def test_workers_of_xdist_share_the_tests(pytester: pytest.Pytester) -> None:
    pytester.runpytest_subprocess("--docstage", "-n", "1").assert_outcomes(passed=3)


@pytest.mark.usefixtures("project")
def test_an_unknown_place_is_refused_with_those_there_are(pytester: pytest.Pytester) -> None:
    ran = pytester.runpytest("--docstage", "--docstage-over=server,moon")
    assert ran.ret == pytest.ExitCode.USAGE_ERROR
    ran.stderr.fnmatch_lines(
        ["*'moon' is not a place*expected one or more of process, fresh, server*"]
    )


def test_a_folder_that_is_no_project_is_refused(pytester: pytest.Pytester) -> None:
    ran = pytester.runpytest("--docstage")
    assert ran.ret == pytest.ExitCode.USAGE_ERROR
    ran.stderr.fnmatch_lines(["*pyproject.toml with*tool.docstage*docstage init*"])


def test_a_run_leaves_the_environment_as_it_was(pytester: pytest.Pytester, project: Path) -> None:
    edit(
        project / "pyproject.toml",
        'snippets = ["examples"]',
        'snippets = ["examples"]\nenvironment = { SEEN = "yes" }',
    )
    pytester.makepyfile(
        test_after="""
        import os

        def test_after():
            assert "SEEN" not in os.environ
        """
    )
    ran = pytester.runpytest("--docstage", "examples", "test_after.py")
    ran.assert_outcomes(passed=3)


@pytest.mark.parametrize("over", ["process", "fresh", "server"])
def test_what_is_masked_in_the_recording_may_change(
    pytester: pytest.Pytester, project: Path, over: str
) -> None:
    edit(project / "pyproject.toml", "[tool.pytest", 'masks = ["uuid"]\n\n[tool.pytest')
    edit(project / "examples" / "hello.py", '"host": str(request.url)', '"id": str(uuid.uuid4())')
    edit(project / "examples" / "hello.py", "import warnings", "import uuid\nimport warnings")
    subprocess.run([sys.executable, "-m", "docstage", "record"], cwd=project, check=True)
    pytester.runpytest("--docstage", f"--docstage-over={over}").assert_outcomes(passed=3)
