"""A real browser for tests: Chromium, driven over chromedriver's plain HTTP.

Debian has them as ``chromium`` and ``chromium-driver``. Where they are missing, tests
that ask for a browser are skipped with that reason; with ``AIBOM_REQUIRE_CHROMIUM=1``
they fail instead, so that nobody believes that they ran. Nothing but the standard
library is needed: the protocol is W3C WebDriver, and what that does not have goes to
the DevTools through it.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

__all__ = ["Browser", "browser", "started"]

#: Read when imported: later, conftest.py takes such settings away from the tests.
REQUIRED = os.environ.get("AIBOM_REQUIRE_CHROMIUM") == "1"

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DRIVERS = ("chromedriver", "chromium.chromedriver")
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
KEYS = {"tab": "\ue004", "enter": "\ue007", "escape": "\ue00c", "space": " "}
#: The machine may be slow; nothing here depends on being quick.
PATIENCE = 300
_STARTED = re.compile(r"started successfully on port (\d+)")


def _found(names: tuple[str, ...]) -> str | None:
    return next((path for name in names if (path := shutil.which(name))), None)


def what_is_missing() -> str | None:
    """Why there is no browser here; None where there is one."""
    if _found(BROWSERS) is None:
        return "no Chromium here (Debian: apt-get install chromium)"
    if _found(DRIVERS) is None:
        return "no chromedriver here (Debian: apt-get install chromium-driver)"
    return None


class Browser:
    """One session in one window, without a display."""

    def __init__(self, port: int, profile: str) -> None:
        self._base = f"http://127.0.0.1:{port}"
        # A proxy that the environment names is not for loopback.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        arguments = [
            *("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"),
            *("--disable-gpu", "--hide-scrollbars", f"--user-data-dir={profile}"),
            *("--no-first-run", "--disable-background-networking"),
            *("--disable-component-update", "--disable-sync", "--lang=en-GB"),
        ]
        options = {"args": arguments, "binary": _found(BROWSERS)}
        wanted = {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }
        answer = self._call(
            "POST", "/session", {"capabilities": {"alwaysMatch": wanted}}
        )
        self._session = f"/session/{answer['sessionId']}"

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self._base + path,
            data=data,
            method=method,
            headers={"Content-Type": "application/json"},
        )
        try:
            with self._opener.open(request, timeout=PATIENCE) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            with error:
                raise AssertionError(error.read().decode("utf-8", "replace")) from None

    def _post(self, path: str, **body: Any) -> Any:
        return self._call("POST", f"{self._session}{path}", body)

    def open(self, path: Path) -> None:
        """Load a file, and wait until it is there."""
        self.logs("performance")
        self.logs("browser")
        self._post("/url", url=path.resolve().as_uri())

    def run(self, script: str, *arguments: Any) -> Any:
        """The value of the body of a JavaScript function."""
        return self._post("/execute/sync", script=script, args=list(arguments))

    def press(self, *keys: str) -> None:
        """Press and release keys, as on a keyboard; names of KEYS or characters."""
        actions = []
        for key in keys:
            value = KEYS.get(key, key)
            actions += [{"type": t, "value": value} for t in ("keyDown", "keyUp")]
        source = {"type": "key", "id": "keyboard", "actions": actions}
        self._post("/actions", actions=[source])

    def type(self, text: str) -> None:
        """Type a text into what has the focus."""
        self.press(*text)

    def devtools(self, command: str, **parameters: Any) -> Any:
        """One command of the DevTools protocol."""
        return self._post("/goog/cdp/execute", cmd=command, params=parameters)

    def size(
        self, width: int, height: int, *, scale: float = 1, phone: bool = False
    ) -> None:
        """Show the page as on a screen of this size."""
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=phone,
        )

    def colours(self, scheme: str) -> None:
        """Prefer ``light`` or ``dark``."""
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.devtools("Emulation.setEmulatedMedia", media="", features=[feature])

    def screenshot(self) -> bytes:
        """What is on the screen, as PNG."""
        return base64.b64decode(self._call("GET", f"{self._session}/screenshot"))

    def pdf(self) -> bytes:
        """The page as it is printed, on the paper that it asks for."""
        found = self.devtools(
            "Page.printToPDF", preferCSSPageSize=True, printBackground=True
        )
        return base64.b64decode(found["data"])

    def logs(self, kind: str) -> list[dict[str, Any]]:
        """What was logged since the last call: ``browser`` or ``performance``."""
        found: list[dict[str, Any]] = self._post("/se/log", type=kind)
        return found

    def requests(self) -> list[str]:
        """Every address that was asked for since the page was opened, its own too."""
        messages = [json.loads(one["message"]) for one in self.logs("performance")]
        return [
            one["message"]["params"]["request"]["url"]
            for one in messages
            if one["message"]["method"] == "Network.requestWillBeSent"
        ]

    def close(self) -> None:
        """End the session, and with it the browser."""
        self._call("DELETE", self._session)


def started() -> Iterator[Browser]:
    """A browser that is ended afterwards, whatever happens."""
    driver = _found(DRIVERS)
    assert driver is not None
    with tempfile.TemporaryDirectory(prefix="aibom-chromium-") as scratch:
        process = subprocess.Popen(
            [driver, "--port=0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "HOME": scratch, "NO_PROXY": "127.0.0.1"},
        )
        try:
            browser = Browser(_port(process), str(Path(scratch, "profile")))
            try:
                yield browser
            finally:
                browser.close()
        finally:
            process.terminate()
            process.wait(PATIENCE)
            if process.stdout is not None:
                process.stdout.close()


def _port(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        found = _STARTED.search(line)
        if found:
            return int(found[1])
    raise AssertionError(f"chromedriver did not start: {''.join(said)}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser of this run."""
    missing = what_is_missing()
    if missing and REQUIRED:
        pytest.fail(missing, pytrace=False)
    if missing:
        pytest.skip(missing)
    yield from started()
