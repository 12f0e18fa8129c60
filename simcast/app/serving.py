"""Serving the page on this machine alone, in this process."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Callable
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import Any

from simcast.app.bench import Question
from simcast.errors import SimcastError

ADDRESS = "127.0.0.1"
PORT = 8501
LARGEST_UPLOAD_MB = 20

_MOST_SECONDS = 120

NEEDED = ("streamlit", "plotly")


def check_installed() -> None:
    """Refuse to serve without the packages of the extra; `SimcastError` says how to install them."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise SimcastError(
            f"the what-if page needs {' and '.join(missing)}, which is not installed: pip install 'simcast[app]'"
        )


def check_port(port: int) -> None:
    """Refuse a port that something else listens on already."""
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port just left is free
        try:
            probe.bind((ADDRESS, port))
        except OSError as error:
            raise SimcastError(
                f"--port {port}: {error.strerror or error}; stop what listens there, or name another port"
            ) from error


def settings(port: int, *, browser: bool) -> dict[str, Any]:
    """Return Streamlit's settings: loopback only, no telemetry, no foreign hosts or origins, no watching of files."""
    return {
        "server.address": ADDRESS,
        "server.port": port,
        "server.headless": not browser,
        "server.allowedHosts": [ADDRESS, "localhost"],
        "server.corsAllowedOrigins": [f"http://{ADDRESS}:{port}", f"http://localhost:{port}"],
        "server.enableCORS": True,
        "server.enableXsrfProtection": True,
        "server.fileWatcherType": "none",
        "server.runOnSave": False,
        "server.enableStaticServing": False,
        "server.enableAgentApi": False,
        "server.maxUploadSize": LARGEST_UPLOAD_MB,
        "server.showEmailPrompt": False,
        "browser.serverAddress": ADDRESS,
        "browser.gatherUsageStats": False,
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        "client.showErrorLinks": False,
        "client.allowedOrigins": [f"http://{ADDRESS}:{port}"],
        "global.developmentMode": False,
        "logger.hideWelcomeMessage": True,
        "logger.level": "error",
    }


def serve(question: Question, *, port: int = PORT, browser: bool = True, ready: Callable[[str], None]) -> None:
    """Serve the page until it is interrupted.

    Parameters
    ----------
    question
        What the page is opened with.
    port
        On which port of the loopback address.
    browser
        Whether to open the page in a browser.
    ready
        Called with the address once the page is there.

    Raises
    ------
    SimcastError
        When packages are missing or the port is taken.
    """
    check_installed()
    check_port(port)
    from streamlit import net_util
    from streamlit.web import bootstrap

    # To tell foreign origins, Streamlit would ask a service on the internet for this machine's own address.
    net_util.get_external_ip = lambda: None
    options = settings(port, browser=browser)
    bootstrap.load_config_options(flag_options=options)
    Thread(target=_tell_when_listening, args=(port, ready), daemon=True).start()
    entry = Path(__file__).with_name("entry.py")
    bootstrap.run(str(entry), False, [json.dumps(asdict(question))], options)


def _tell_when_listening(port: int, ready: Callable[[str], None]) -> None:
    """Wait until the server takes connections, then tell its address."""
    for _ in range(_MOST_SECONDS * 10):
        with contextlib.suppress(OSError), socket.create_connection((ADDRESS, port), timeout=1):
            ready(f"http://{ADDRESS}:{port}")
            return
        time.sleep(0.1)


def question_of(arguments: list[str]) -> Question:
    """Return the question that `serve` put into the arguments of the page's script.

    Examples
    --------
    >>> question_of(['{"file": "q3.yaml", "overrides": [], "futures": 500}'])
    Question(file='q3.yaml', overrides=(), futures=500, threads=None, start='baseline')
    """
    given = json.loads(arguments[0])
    rest = {name: given[name] for name in ("threads", "start") if name in given}
    return Question(str(given["file"]), tuple(given["overrides"]), int(given["futures"]), **rest)
