"""JSON with a status and typed headers, and a status for a plain value."""

from msgspec import Struct

from jero import BaseApp, Endpoint, JSONResponse, operation


class NewBooking(Struct):
    room: str
    nights: int


class Booking(Struct):
    id: int
    room: str
    nights: int


class RoomPath(Struct):
    room: str


# --8<-- [start:json]
class CreatedHeaders(Struct):
    location: str
    x_nights_left: int | None = None  # not sent if None


class BookingsEndpoint(Endpoint, path="/bookings"):
    @operation(status_code=201)
    async def post(self, json: NewBooking) -> JSONResponse[Booking, CreatedHeaders]:
        booking = Booking(31, json.room, json.nights)
        return JSONResponse(
            content=booking,
            status_code=201,
            headers=CreatedHeaders(location=f"/bookings/{booking.id}"),
        )


class CleaningEndpoint(Endpoint, path="/rooms/{room}/cleaning"):
    @operation(status_code=202)
    async def post(self, path: RoomPath) -> RoomPath:
        return path  # sent with 202


# --8<-- [end:json]


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(BookingsEndpoint())
        self._include_endpoint(CleaningEndpoint())


app = App()
