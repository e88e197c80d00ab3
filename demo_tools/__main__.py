"""`python -m demo_tools`: demo_app, with questions answered by the stand-in instead of a language model.

DOCUMENTS is the folder of Markdown files that it answers from; by default, this project's pages.
"""

import os
from pathlib import Path
from typing import Final

from demo_app.__main__ import main
from demo_tools.model.serving import serve_model

PAGES: Final = Path(__file__).parents[1] / "docs"

if __name__ == "__main__":
    with serve_model(os.environ.get("DOCUMENTS") or PAGES) as model:
        os.environ |= model.environ
        main()
