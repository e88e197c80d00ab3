"""Ask all, one after the other, and write what came of it, as data and as the table of the page."""

from benchmarks.endings.client import watch
from benchmarks.endings.report import NAMES, write

if __name__ == "__main__":
    for path in write([watch(name) for name in NAMES]):
        print(path)
