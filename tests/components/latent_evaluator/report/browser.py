"""A headless Chromium, spoken to by the WebDriver protocol with the standard library."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import urllib.request
from typing import Any

import pytest

PROGRAMS = ("chromium", "chromedriver")
_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
    "--hide-scrollbars", "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key of an element, by the standard


def require_browser() -> None:
    """Skips where there is none; on a CI machine that is a failure."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if not missing:
        return
    words = f"no {' and no '.join(missing)}: apt-get install chromium chromium-driver"
    if os.environ.get("CI"):
        pytest.fail(words)
    pytest.skip(words)


class Browser:
    """One page. width, height: CSS pixels; dark: what the reader prefers."""

    def __init__(self, folder: str, width: int = 1280, height: int = 900, dark: bool = False):
        self._driver = subprocess.Popen(
            ["chromedriver", "--port=0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self._driver.stdout is not None
        found = None
        for line in self._driver.stdout:
            found = re.search(r"started successfully on port (\d+)", line)
            if found:
                break
        assert found, "chromedriver did not start"
        self._base = f"http://127.0.0.1:{found[1]}/session"
        metrics = {"width": width, "height": height, "pixelRatio": 1}
        options = {
            "binary": shutil.which("chromium"),
            "args": [*_FLAGS, f"--user-data-dir={folder}", f"--window-size={width},{height}"],
            "mobileEmulation": {"deviceMetrics": metrics},
        }
        wanted = {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"},
        }
        made = self._send("POST", "", {"capabilities": {"alwaysMatch": wanted}})
        self._base += f"/{made['sessionId']}"
        reader = {
            "prefers-color-scheme": "dark" if dark else "light",
            "prefers-reduced-motion": "reduce",  # a picture is taken where the page stands still
        }
        features = [{"name": name, "value": value} for name, value in reader.items()]
        self._cdp("Emulation.setEmulatedMedia", features=features)

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *exception: object) -> None:
        try:
            self._send("DELETE", "")
        finally:
            self._driver.terminate()
            self._driver.wait(10)
            assert self._driver.stdout is not None
            self._driver.stdout.close()

    def open(self, path: str) -> None:
        self._send("POST", "/url", {"url": f"file://{path}"})

    def run(self, script: str) -> Any:
        """What the body of a function returns."""
        return self._send("POST", "/execute/sync", {"script": script, "args": []})

    def console(self) -> list[str]:
        """Everything the page has complained about since the last call."""
        return [entry["message"] for entry in self._send("POST", "/se/log", {"type": "browser"})]

    def press(self, selector: str, *keys: str) -> None:
        """Real key strokes on an element."""
        text = "".join(keys)
        self._send("POST", f"/element/{self._find(selector)}/value", {"text": text})

    def picture(self, selector: str) -> bytes:
        """PNG of an element as it is seen."""
        shot = self._send("GET", f"/element/{self._find(selector)}/screenshot")
        return base64.b64decode(shot)

    def whole_page(self) -> bytes:
        """PNG of the page from top to bottom."""
        found = self._cdp("Page.captureScreenshot", captureBeyondViewport=True, format="png")
        return base64.b64decode(found["data"])

    def _find(self, selector: str) -> str:
        given = {"using": "css selector", "value": selector}
        return self._send("POST", "/element", given)[_ELEMENT]

    def _cdp(self, command: str, **given: Any) -> Any:
        return self._send("POST", "/goog/cdp/execute", {"cmd": command, "params": given})

    def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self._base + path, data, headers, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=120) as answer:
            return json.loads(answer.read())["value"]
