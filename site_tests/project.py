"""The project whose pages are tested: this checkout."""

from typing import Final

from docstage.snippet.project import Project

from tests.support.root import ROOT

PROJECT: Final = Project.find(ROOT)
