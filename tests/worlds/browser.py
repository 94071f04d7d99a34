"""A headless Chromium over its DevTools protocol, through two pipes: pages as people see them, and what they ask for.

No driver and no package is needed: messages are JSON, ended by a zero byte, on descriptors 3 and 4 of the process.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import signal
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--headless=new", "--no-sandbox", "--remote-debugging-pipe", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-default-apps", "--disable-sync", "--disable-extensions", "--mute-audio",
    "--disable-dev-shm-usage", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--hide-scrollbars",
    # Whatever a page or the browser itself asks of another host is answered by nobody.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)  # fmt: skip
TIMEOUT_SECONDS = 30.0
Message = dict[str, Any]


def chromium() -> str | None:
    """Path of a Chromium; None where there is none. MAPPS_CHROMIUM names another."""
    named = os.environ.get("MAPPS_CHROMIUM")
    return named or next((path for path in map(shutil.which, NAMES) if path), None)


class BrowserError(Exception):
    """The browser refused, or did not answer in time."""


class Browser:
    """A browser process; `launched` makes one."""

    def __init__(self, process: int, write: int, read: int) -> None:
        self.process, self._write, self._read = process, write, read
        self._number, self._rest = 0, b""
        self._answers: dict[int, Message] = {}
        self.tabs: dict[str, Tab] = {}

    def call(self, method: str, session: str | None = None, **parameters: Any) -> Message:
        """Ask the browser, and give its answer; events meanwhile go to their tabs."""
        self._number += 1
        number = self._number
        message: Message = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + TIMEOUT_SECONDS
        while number not in self._answers:
            self._receive(end, method)
        answer = self._answers.pop(number)
        if "error" in answer:
            raise BrowserError(f"{method}: {answer['error']['message']}")
        return dict(answer["result"])

    def _receive(self, end: float, what_for: str) -> None:
        left = end - time.monotonic()
        if left <= 0 or not select.select([self._read], [], [], left)[0]:
            raise BrowserError(f"no answer to {what_for} within {TIMEOUT_SECONDS:.0f} s")
        content = os.read(self._read, 1 << 20)
        if not content:
            raise BrowserError("the browser has ended")
        *messages, self._rest = (self._rest + content).split(b"\0")
        for text in messages:
            message = json.loads(text)
            if "id" in message:
                self._answers[message["id"]] = message
            elif message.get("sessionId") in self.tabs:
                self.tabs[message["sessionId"]].note(message)

    def wait(self, condition: Any, what_for: str, seconds: float = TIMEOUT_SECONDS) -> None:
        """Take in events until a condition holds."""
        end = time.monotonic() + seconds
        while not condition():
            self._receive(end, what_for)

    def tab(self, width: int = 1280, height: int = 900, *, dark: bool = False) -> Tab:
        """Open a tab of a size, in the light or the dark scheme."""
        # Each tab is a browser context of its own: no cookie of another.
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        made = Tab(self, session)
        self.tabs[session] = made
        for domain in ("Page", "Runtime", "Network", "Log"):
            made.call(f"{domain}.enable")
        made.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        made.call("Emulation.setEmulatedMedia", features=[scheme])
        return made


@dataclass
class Tab:
    """A page with all it asked for and all that went wrong."""

    browser: Browser
    session: str
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    loads: int = 0

    def call(self, method: str, **parameters: Any) -> Message:
        return self.browser.call(method, self.session, **parameters)

    def note(self, message: Message) -> None:
        """Keep what an event says."""
        name, told = message["method"], message["params"]
        if name == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        elif name == "Network.webSocketCreated":
            self.requests.append(told["url"])
        elif name == "Runtime.exceptionThrown":
            details = told["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description", details["text"]))
        elif name == "Log.entryAdded" and told["entry"]["level"] == "error":
            self.errors.append(f"{told['entry']['text']} {told['entry'].get('url', '')}")
        elif name == "Runtime.consoleAPICalled" and told["type"] in {"error", "assert"}:
            self.errors.append(" ".join(str(a.get("value", a.get("description", a))) for a in told["args"]))
        elif name == "Page.loadEventFired":
            self.loads += 1

    def open(self, address: str) -> None:
        """Go to an address and wait until all that the page loads is there."""
        before = self.loads
        told = self.call("Page.navigate", url=address)
        if told.get("errorText"):
            raise BrowserError(f"{address}: {told['errorText']}")
        self.browser.wait(lambda: self.loads > before, address)

    def value(self, expression: str) -> Any:
        """Give the value of an expression of JavaScript; a promise is waited for."""
        told = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in told:
            raise BrowserError(f"{expression[:80]}: {told['exceptionDetails']['exception']['description']}")
        return told["result"].get("value")

    def until(self, expression: str, seconds: float = 10.0) -> float:
        """Wait in the page until an expression is true; gives the seconds that it took."""
        script = f"""new Promise((done, failed) => {{
            const begun = performance.now();
            const look = () => {{
                let holds = false;
                try {{ holds = Boolean({expression}); }} catch (error) {{ holds = false; }}
                if (holds) done((performance.now() - begun) / 1000);
                else if (performance.now() - begun > {seconds * 1000}) failed(new Error("never"));
                else setTimeout(look, 20);
            }};
            look();
        }})"""
        return float(self.value(script))

    def go(self, script: str) -> None:
        """Run a script that leads to another page, and wait for that page."""
        before = self.loads
        self.call("Runtime.evaluate", expression=script)
        self.browser.wait(lambda: self.loads > before, script)

    def picture(self, path: Path, *, whole: bool = True) -> Path:
        """Write the page as PNG."""
        told = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(told["data"]))
        return path

    def strangers(self, address: str) -> list[str]:
        """Requests that went elsewhere than to the service."""
        own = (address, "data:", "blob:", "about:", "chrome-error:")
        return [url for url in self.requests if not url.startswith(own)]


@contextmanager
def launched() -> Iterator[Browser]:
    """A browser with a profile of its own, both gone at the end."""
    path = chromium()
    if path is None:
        raise BrowserError("no Chromium is installed")
    profile = tempfile.mkdtemp(prefix="mapps-browser-")
    to_browser, from_us = os.pipe()
    from_browser, to_us = os.pipe()
    null = os.open(os.devnull, os.O_RDWR)
    # Ends of the pipes may be 3 and 4 themselves: they are moved out of the way first.
    high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in (to_browser, to_us)]
    actions = [
        (os.POSIX_SPAWN_DUP2, high[0], 3), (os.POSIX_SPAWN_DUP2, high[1], 4),
        *((os.POSIX_SPAWN_DUP2, null, at) for at in (0, 1, 2)),
    ]  # fmt: skip
    words = [path, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
    process = os.posix_spawn(path, words, os.environ, file_actions=actions, setpgroup=0)
    for fd in (*high, to_browser, to_us, null):
        os.close(fd)
    browser = Browser(process, from_us, from_browser)
    try:
        # One that cannot work here, such as in a container without its privileges, ends or is silent.
        browser.call("Browser.getVersion")
        yield browser
    finally:
        _end(browser)
        # Helpers that outlive it would write into the profile while that is removed.
        with suppress(ProcessLookupError):
            os.killpg(process, signal.SIGKILL)
        os.close(from_us)
        os.close(from_browser)
        shutil.rmtree(profile, ignore_errors=True)


def _end(browser: Browser) -> None:
    """End the browser with its helpers, which are of one group of processes."""
    try:
        browser.call("Browser.close")
    except (BrowserError, OSError):
        os.killpg(browser.process, signal.SIGKILL)
    end = time.monotonic() + 10
    while os.waitpid(browser.process, os.WNOHANG) == (0, 0):
        if time.monotonic() > end:
            os.killpg(browser.process, signal.SIGKILL)
            os.waitpid(browser.process, 0)
            return
        select.select([], [], [], 0.02)
