"""Errors of code that knows nothing about HTTP, mapped to HTTP errors."""

import asyncio

from msgspec import Struct

from jero import BaseApp, Endpoint, HTTPError, NotFoundError


class AccountPath(Struct):
    account: str


class Balance(Struct):
    account: str
    cents: int


# --8<-- [start:mapped]
class LedgerError(Exception):
    """Raised by the ledger, which knows nothing about HTTP."""


class UnknownAccountError(LedgerError):
    pass


class Ledger:
    async def balance(self, account: str) -> int:
        await asyncio.sleep(0.2)
        if account == "locked":
            raise LedgerError("disk 3 is full")
        if account != "ada":
            raise UnknownAccountError(account)
        return 4200


class LedgerDownError(HTTPError):
    status_code = 503


class BalanceEndpoint(Endpoint, path="/accounts/{account}"):
    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def get(self, path: AccountPath) -> Balance:
        return Balance(path.account, await self._ledger.balance(path.account))


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(BalanceEndpoint(Ledger()))
        self._map_error(UnknownAccountError, lambda error: NotFoundError(f"No account {error}."))
        self._map_error(LedgerError, lambda _: LedgerDownError(raw_headers={"retry-after": "30"}))


# --8<-- [end:mapped]


app = App()
