"""FastAPI: the generator is the path operation."""

from fastapi import FastAPI
from fastapi.responses import StreamingResponse

from benchmarks.endings.stream import rows

app = FastAPI()
app.get("/{kind}", response_class=StreamingResponse)(rows)
