"""`python hatch_build.py` fetches the viewer of OpenAPI documents into this checkout: see viewer/hatch_build.py."""

import runpy
from pathlib import Path

if __name__ == "__main__":
    runpy.run_path(str(Path(__file__).with_name("viewer") / "hatch_build.py"), run_name="__main__")
