"""A PostgreSQL of the test's own, if there is one on this machine: in a folder, on a socket, gone afterwards."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


def programs() -> Path | None:
    """Where `initdb` and `pg_ctl` are, which Debian does not put on the path."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "pg_ctl").is_file()), None)


@contextmanager
def postgresql(bin_: Path) -> Generator[str]:
    """A server with an empty database; how to connect to it. It refuses to run as root, so root runs it as `nobody`."""
    user = "nobody" if os.geteuid() == 0 else None
    # Not pytest's folder: the path of a socket is short.
    with TemporaryDirectory(prefix="jero-") as folder:
        if user is not None:
            os.chown(folder, pwd.getpwnam(user).pw_uid, -1)

        def run(program: str, *arguments: str) -> None:
            command = [bin_ / program, "--pgdata", f"{folder}/data", *arguments]
            subprocess.run(command, cwd=folder, user=user, check=True, stdout=subprocess.DEVNULL)

        run("initdb", "--auth", "trust", "--username", "shop", "--no-sync")
        settings = f"-c listen_addresses='' -c fsync=off -k {folder}"
        run("pg_ctl", "start", "--wait", "--log", f"{folder}/log", "--options", settings)
        try:
            yield f"host={folder} user=shop dbname=postgres"
        finally:
            run("pg_ctl", "stop", "--wait", "--mode", "immediate")
