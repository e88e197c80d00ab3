"""The application: what it opens, and what it serves with it."""

import os
from typing import override

from demo_app.logs import RequestLog, configure_logs
from demo_app.notifications.opening import open_feed
from demo_app.operations.health_operations import HealthEndpoint, ReadyEndpoint
from demo_app.operations.page_operations import PageEndpoint, ScriptEndpoint, StyleEndpoint
from demo_app.operations.streaming_operations import NotificationsEndpoint, QuestionsEndpoint
from demo_app.questions.client import open_assistant
from demo_app.settings import Settings, read_settings
from jero import BaseApp

ABOUT = "Questions that are answered as a stream, and notifications that reach every reader."


# --8<-- [start:app]
class App(BaseApp):
    """Serves with `settings`; without any, with those of the environment, and then logs as lines of JSON."""

    def __init__(self, settings: Settings | None = None) -> None:
        super().__init__()
        self._settings = settings

    @override
    async def _wire(self) -> None:
        settings = self._settings or read_settings(os.environ)
        if self._settings is None:
            configure_logs(settings.log_level)
        feed = await self._enter(open_feed(settings))
        assistant = await self._enter(open_assistant(settings))

        self._wrap(RequestLog)
        self._include_endpoint(QuestionsEndpoint(assistant))
        self._include_endpoint(NotificationsEndpoint(feed, settings.keepalive))
        self._include_endpoint(HealthEndpoint())
        self._include_endpoint(ReadyEndpoint(feed))
        for endpoint in (PageEndpoint(), StyleEndpoint(), ScriptEndpoint()):
            self._include_endpoint(endpoint)
        self._include_openapi(title="demo_app", description=ABOUT)


app = App()
# --8<-- [end:app]
