"""FastAPI: the items are the path operation, and the resource is a dependency, which FastAPI closes itself."""

from fastapi import Depends, FastAPI
from fastapi.responses import StreamingResponse

from benchmarks.endings.stream import items, resource

app = FastAPI()
app.get("/{kind}", response_class=StreamingResponse, dependencies=[Depends(resource)])(items)
