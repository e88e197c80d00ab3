"""What a site gets beside its pages."""

from pathlib import Path

import pytest
from docstage.pages.finish import OFFLINE, WORKER, finish


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "mkdocs.yml").write_text("site_name: Test\n")
    (tmp_path / "docs").mkdir()
    site = tmp_path / "site"
    site.mkdir()
    return site


def test_a_site_has_the_service_worker_that_keeps_python_for_visits_offline(site: Path) -> None:
    finish(site, site.parent)
    assert (site / WORKER).read_text() == f'importScripts("{OFFLINE}");\n'


def test_a_service_worker_that_the_site_has_itself_is_kept(site: Path) -> None:
    (site / WORKER).write_text("mine")
    finish(site, site.parent)
    assert (site / WORKER).read_text() == "mine"
