# SPDX-License-Identifier: Apache-2.0
"""Debian's chromium without a window, driven through a pipe by the Chrome DevTools Protocol: nothing but Python's own
library. Every request, console message and fault of a page is kept."""
import base64, json, os, shutil, subprocess, tempfile, time

CHROMIUM = shutil.which("chromium")


class Browser:
    def __enter__(self):
        self.profile = tempfile.TemporaryDirectory()
        to_browser, self.out = os.pipe()
        self.incoming, from_browser = os.pipe()
        command = (f'exec "$0" --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run '
                   f'--remote-debugging-pipe --user-data-dir="$1" 3<&{to_browser} 4>&{from_browser}')
        self.process = subprocess.Popen(["bash", "-c", command, CHROMIUM, self.profile.name], stderr=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, pass_fds=(to_browser, from_browser))
        os.close(to_browser), os.close(from_browser)
        self.buffer, self.events, self.number = b"", [], 0
        return self

    def __exit__(self, *_):
        self.process.kill(), self.process.wait()
        os.close(self.out), os.close(self.incoming)
        for _ in range(20):  # its children end a moment later
            try:
                return self.profile.cleanup()
            except OSError:
                time.sleep(0.1)

    def _receive(self):
        while b"\0" not in self.buffer:
            piece = os.read(self.incoming, 1 << 20)
            if not piece:
                raise RuntimeError("chromium has ended")
            self.buffer += piece
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, session=None, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.out, data):]
        while True:
            answer = self._receive()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def open(self, path, script=True, dark=False, width=1280, height=900):
        return Page(self, path, script, dark, width, height)


class Page:
    def __init__(self, browser, path, script, dark, width, height):
        self.browser = browser
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in "Page", "Network", "Runtime", "Log", "Accessibility":
            self.call(domain + ".enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        if not script:
            self.call("Emulation.setScriptExecutionDisabled", value=True)
        self.first = len(browser.events)
        self.begun = time.monotonic()
        self.call("Page.navigate", url="file://" + os.path.abspath(path))
        while not self.heard("Page.loadEventFired"):
            browser.events.append(browser._receive())
        self.load_seconds = time.monotonic() - self.begun

    def call(self, method, **params):
        return self.browser.call(method, self.session, **params)

    def heard(self, *methods):
        return [e["params"] for e in self.browser.events[self.first:]
                if e.get("method") in methods and e.get("sessionId") == self.session]

    def run(self, expression):
        """The value of an expression, which may be a promise."""
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"].get("description", "?"))
        return answer["result"].get("value")

    def requests(self):
        return [r["request"]["url"] for r in self.heard("Network.requestWillBeSent")][1:]  # the first is the page's own

    def complaints(self):
        """What a developer would see in red: faults, refused styles and scripts, messages."""
        return ([e["entry"]["text"] for e in self.heard("Log.entryAdded")] +
                [e["exceptionDetails"]["text"] for e in self.heard("Runtime.exceptionThrown")] +
                [str(e["args"]) for e in self.heard("Runtime.consoleAPICalled")])

    def key(self, name, code, text=None):
        for kind in "keyDown", "keyUp":
            more = {"text": text} if text and kind == "keyDown" else {}
            self.call("Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code, **more)

    def screenshot(self, path, whole=False):
        data = self.call("Page.captureScreenshot", captureBeyondViewport=whole)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def pdf(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"]))
