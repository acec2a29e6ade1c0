"""Result pages in a real browser."""

import base64
import json
import os
import select
import struct
import subprocess
import time
import zlib

BROWSER = ["/usr/bin/chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=900,1200"]

MOST_BYTES = 1 << 20
MOST_ELEMENTS = 20_000


class Browser:
    """One browser with one tab, told what to do over a pipe: https://chromedevtools.github.io/devtools-protocol/."""

    def __init__(self, profile):
        theirs_in, self.to = os.pipe()
        self.come, theirs_out = os.pipe()
        # The browser reads descriptor 3 and writes to 4.
        self.process = subprocess.Popen(
            ["/bin/bash", "-c", f'exec "$@" 3<&{theirs_in} 4>&{theirs_out} {theirs_in}<&- {theirs_out}>&-', "browser", *BROWSER,
             f"--user-data-dir={profile}", "--remote-debugging-pipe", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=(theirs_in, theirs_out))
        os.close(theirs_in)
        os.close(theirs_out)
        self.told, self.unread, self.session = 0, b"", None
        tab = next(one for one in self.ask("Target.getTargets")["targetInfos"] if one["type"] == "page")
        self.session = self.ask("Target.attachToTarget", targetId=tab["targetId"], flatten=True)["sessionId"]
        self.ask("Page.enable")

    def _next(self, end):
        """The next message, an answer or an event."""
        while b"\0" not in self.unread:
            ready, _, _ = select.select([self.come], [], [], max(0, end - time.monotonic()))
            assert ready, "the browser says nothing"
            more = os.read(self.come, 1 << 20)
            assert more, "the browser has ended"
            self.unread += more
        message, _, self.unread = self.unread.partition(b"\0")
        return json.loads(message)

    def _until(self, condition, seconds=120):
        end = time.monotonic() + seconds
        while True:
            message = self._next(end)
            if condition(message):
                return message

    def ask(self, method, **parameters):
        self.told += 1
        told = {"id": self.told, "method": method, "params": parameters, **({"sessionId": self.session} if self.session else {})}
        os.write(self.to, json.dumps(told).encode() + b"\0")
        answer = self._until(lambda message: message.get("id") == self.told)
        assert "error" not in answer, answer
        return answer["result"]

    def open(self, page):
        """Returns after the load event."""
        went = self.ask("Page.navigate", url=page.as_uri())
        assert "errorText" not in went, went
        self._until(lambda message: message.get("method") == "Page.loadEventFired")

    def value(self, expression):
        return self.ask("Runtime.evaluate", expression=expression, returnByValue=True)["result"]["value"]

    def dom(self):
        return self.value("document.documentElement.outerHTML")

    def background(self, scheme):
        """The colour in the corner of the page, for readers who like it "light" or "dark"."""
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        return first_pixel(base64.b64decode(self.ask("Page.captureScreenshot", format="png")["data"]))

    def close(self):
        if self.process.poll() is None:
            self.session = None
            self.ask("Browser.close")
        self.process.wait(60)
        os.close(self.to)
        os.close(self.come)


def first_pixel(data):
    """Red, green and blue of a PNG's upper left corner: filters leave the first pixel as it is."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, pixels = 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IDAT":
            pixels += data[at + 8:at + 8 + length]
        at += 12 + length
    return tuple(zlib.decompressobj().decompress(pixels, 4)[1:4])


def check_page(browser, page, charts):
    """A page is whole, says what its pictures show, and follows the reader's colours."""
    text = page.read_text()
    for foreign in ("<script", "http://", "https://", "@import", "url("):
        assert foreign not in text
    # What a browser has to do grows with these, whatever else the machine does.
    assert len(text.encode()) < MOST_BYTES
    browser.open(page)
    assert browser.value("document.querySelectorAll('*').length") < MOST_ELEMENTS
    dom = browser.dom()
    assert dom.count('role="img"') == charts and dom.count("<desc") == charts
    assert dom.count("<table>") >= charts, "the numbers of each chart stand in a table"
    assert browser.background("light") == (255, 255, 255)
    assert max(browser.background("dark")) < 60
