"""`python -m demo_app`: one process, with nothing installed beside it. Settings come from the environment."""

import os
import sys

import uvicorn

from demo_app.logs import configure_logs
from demo_app.settings import SettingsError, read_settings

STOPPING = 15
"""How long open connections may take to end at shutdown, in seconds. Longer than the teardown of any stream."""


def main() -> None:
    """Serve until SIGINT or SIGTERM."""
    try:
        settings = read_settings(os.environ)
    except SettingsError as error:
        sys.exit(str(error))
    configure_logs(settings.log_level)
    uvicorn.run(
        "demo_app.app:app",
        host=settings.bind_host,
        port=settings.port,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=STOPPING,
    )


if __name__ == "__main__":
    main()
