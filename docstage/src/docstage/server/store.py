"""The sites that were built here: each a folder named by what it was built of, one of which is the site."""

import hashlib
import os
import secrets
import shutil
from pathlib import Path

from docstage.bundle.locks import Held, delete_unheld, hold


class NotASiteError(Exception):
    """The folder for the site holds something else."""


class Store:
    """Built sites, and `link`, the symbolic link that makes one of them the site.

    A folder gets its name once it is complete, and never changes after that. The link is replaced by one rename. So a
    process that ends at any point leaves the last good site in its place. Everything here but `hold` is done under
    the lock of the file `lock`; a folder that some process holds is not deleted.
    """

    def __init__(self, folder: Path, link: Path) -> None:
        digest = hashlib.sha256(os.fsencode(link.absolute())).hexdigest()[:8]
        self._folder = folder / f"{link.name}-{digest}"
        self._link = link
        self.lock = self._folder / "lock"

    def is_shown(self, name: str) -> bool:
        """Whether `link` points to the site of this name, and that is there."""
        return self._link.is_symlink() and self._shown() == self._path(name).resolve()

    def hold(self, name: str) -> Held | None:
        """The site of this name, held, if there is one."""
        return hold(self._path(name))

    def begin(self) -> Path:
        """A new folder to build in."""
        folder = self._folder / f"partial-{secrets.token_hex(8)}"
        folder.mkdir()
        return folder

    def finish(self, partial: Path, name: str) -> Held:
        """Give the folder its name, now that it is complete."""
        held = hold(partial.rename(self._path(name)))
        assert held is not None, "nobody else deletes while this process has the lock"
        return held

    def show(self, site: Path) -> None:
        """Make this the site, and delete those that nobody uses. The one before stays for those who still read it.

        Raises `NotASiteError` rather than to delete a folder that was not built here.
        """
        before = self._shown()
        if site != before:
            if self._link.is_dir() and not self._link.is_symlink():
                self._put_away()
            new = self._link.with_name(f".{self._link.name}.new")
            new.unlink(missing_ok=True)
            new.symlink_to(os.path.relpath(site, self._link.parent.resolve()))
            new.replace(self._link)
        for folder in self._folder.iterdir():
            if folder.is_dir() and folder.resolve() not in (site, before):
                delete_unheld(folder, _delete)

    def _shown(self) -> Path | None:
        try:
            return self._link.resolve(strict=True)
        except FileNotFoundError:
            return None

    def _put_away(self) -> None:
        """Earlier versions of this program made a folder where the link belongs."""
        if any(self._link.iterdir()) and not (self._link / "index.html").is_file():
            raise NotASiteError(
                f"{self._link} is a folder and not a built site: move it away, or build elsewhere with --site."
            )
        _delete(self._link)

    def _path(self, name: str) -> Path:
        return self._folder / name


def _delete(folder: Path) -> None:
    """Delete it, under a name that nobody takes for a whole one if this is interrupted."""
    doomed = folder.with_name(f"partial-{secrets.token_hex(8)}")
    folder.rename(doomed)
    shutil.rmtree(doomed)
