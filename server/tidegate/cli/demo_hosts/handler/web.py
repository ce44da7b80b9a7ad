"""The handler of the demo: keeps a small web service running on a host, by the contract of Azure's extension handlers.

Law: every command may be repeated, and may have been killed before. The service holds a lock on its note, `web.pid`, as
long as it lives, so a process is only ever stopped while it is known to be ours; one whose note is gone ends by itself.

It is run on hosts, as `web.py install|update|enable|disable|uninstall`, by any Python from 3.8 on, with nothing beside
it but the standard library. `web.py serve` is the service.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

PORT_VARIABLE = "TIDEGATE_DEMO_PORT"
"""Takes the place of the setting `port` where several hosts share one machine, as they do in the demo."""
STARTING_SECONDS = 20.0
STOPPING_SECONDS = 5.0
LISTENING_SECONDS = 2.0
"""How long the service waits for its port: that of a version that was taken away without a command is soon free."""
LOOK_SECONDS = 0.02
OWN_LOOK_SECONDS = 0.5
"""How often the service looks whether its note is still there."""
BAD_SETTINGS, FAILED = 53, 1
"""Exit codes; 53 is what other handlers give for settings that are wrong."""


class CannotGoOn(Exception):
    """A command failed: a sentence for the log and for the status, and the exit code."""

    def __init__(self, message: str, code: int = FAILED) -> None:
        super().__init__(message)
        self.code = code


class Note:
    """The file `web.pid`: the process that serves, and what it was told to serve. Locked as long as it lives."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def is_held(self) -> bool:
        """A service of ours runs."""
        try:
            descriptor = os.open(self.path, os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def read(self) -> list[str]:
        """The process id and the configuration, a line each; nothing where the service has only just begun."""
        try:
            return self.path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []

    def take(self, configuration: str) -> int | None:
        """Lock the note for this process and write into it; the lock, or None where it is gone or another has it."""
        try:
            descriptor = os.open(self.path, os.O_RDWR)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (FileNotFoundError, BlockingIOError):
            return None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n{configuration}\n".encode())
        return descriptor

    def is_ours(self, descriptor: int) -> bool:
        """The file of that name is still the one that we locked."""
        try:
            named, held = self.path.stat(), os.fstat(descriptor)
        except FileNotFoundError:
            return False
        return (named.st_dev, named.st_ino) == (held.st_dev, held.st_ino)

    def stop(self) -> None:
        """End the service that holds the note, if one does, and remove the note."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            until = time.monotonic() + STOPPING_SECONDS
            is_told = False
            while self.is_held():
                said = self.read()
                if said and not is_told:
                    # Only now is the number known to be that of a process of ours that lives.
                    with suppress(ProcessLookupError):
                        os.kill(int(said[0]), number)
                    is_told = True
                if time.monotonic() > until:
                    break
                time.sleep(LOOK_SECONDS)
        if self.is_held():
            raise CannotGoOn("The web service does not end.")
        if self.path.exists():
            self.path.unlink()


class Handler:
    """The handler in its folder, as the agent has set it up."""

    def __init__(self, base: Path) -> None:
        with (base / "HandlerEnvironment.json").open(encoding="utf-8-sig") as file:
            environment = json.load(file)[0]["handlerEnvironment"]
        with (base / "release.json").open(encoding="utf-8") as file:
            release = json.load(file)
        self.base = base
        self.note = Note(base / "web.pid")
        self.version = str(release["version"])
        self.answers = int(release["answers"])
        self.logs = Path(environment["logFolder"])
        self.config = Path(environment["configFolder"])
        self.statuses = Path(environment["statusFolder"])

    def install(self) -> None:
        """Nothing needs to be there but the package itself, and that the agent has unpacked."""

    def update(self) -> None:
        """Nothing is carried over from another version: its service was stopped when it was disabled."""

    def enable(self) -> None:
        """The service runs, as the newest settings want it; and the status says so."""
        number = self.sequence_number()
        try:
            self.start(self.configuration(number))
        except CannotGoOn as failure:
            self.write_status(number, "error", failure.code, str(failure))
            raise
        self.write_status(number, "success", 0, f"The web service {self.version} runs.")

    def disable(self) -> None:
        """The service does not run."""
        self.note.stop()

    def uninstall(self) -> None:
        """Nothing of it is left but its logs, which the versions share."""
        self.note.stop()

    def start(self, configuration: dict[str, Any]) -> None:
        """Let the service run with this configuration; one that does is left alone."""
        wanted, port = json.dumps(configuration, sort_keys=True), int(configuration["port"])
        if self.note.is_held() and self.is_serving(wanted, port):
            return
        self.note.stop()
        self.note.path.touch()
        with (self.logs / "service.log").open("ab") as log:
            service = subprocess.Popen(
                [sys.executable, "-I", "-B", str(Path(__file__).resolve()), "serve", wanted],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until = time.monotonic() + STARTING_SECONDS
        while not self.is_serving(wanted, port):
            if service.poll() is not None or time.monotonic() > until:
                self.note.stop()
                raise CannotGoOn(f"The web service did not start on port {port}; see service.log.")
            time.sleep(LOOK_SECONDS)

    def is_serving(self, wanted: str, port: int) -> bool:
        """The process in the note has this configuration and answers on the port, well or not."""
        said = self.note.read()
        if said[1:] != [wanted]:
            return False
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1.0) as connection:
                connection.sendall(b"GET /health HTTP/1.0\r\n\r\n")
                head = connection.makefile("rb").read(4_096).decode("latin-1")
        except OSError:
            return False
        return f"X-Process: {said[0]}\r\n" in head

    def configuration(self, number: int | None) -> dict[str, Any]:
        """What the settings of this number say: the port and the greeting."""
        public = {} if number is None else self.public_settings(self.config / f"{number}.settings")
        port = os.environ.get(PORT_VARIABLE, "") or public.get("port", "")
        if isinstance(port, bool) or not str(port).isdecimal() or not 1 <= int(port) <= 65_535:
            raise CannotGoOn("The public setting `port` must be a number from 1 to 65535.", BAD_SETTINGS)
        return {"port": int(port), "greeting": str(public.get("greeting", "hello"))}

    def public_settings(self, path: Path) -> dict[str, Any]:
        """The public settings in a file that the agent wrote; none where the file is empty."""
        try:
            text = path.read_text(encoding="utf-8-sig")
            document = json.loads(text) if text.strip() else {"runtimeSettings": [{"handlerSettings": {}}]}
            public = document["runtimeSettings"][0]["handlerSettings"].get("publicSettings") or {}
        except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError):
            raise CannotGoOn(f"The settings in {path.name} cannot be read.", BAD_SETTINGS) from None
        if not isinstance(public, dict):
            raise CannotGoOn(f"The public settings in {path.name} are no JSON object.", BAD_SETTINGS)
        return public

    def sequence_number(self) -> int | None:
        """The settings' number: what the agent says, or else that of the newest file; None without settings."""
        said = os.environ.get("ConfigSequenceNumber", "")  # noqa: SIM112 - the contract's name
        if said.isdecimal():
            return int(said)
        files = [path for path in self.config.glob("*.settings") if path.stem.isdecimal()]
        newest = max(files, key=lambda path: (path.stat().st_mtime_ns, int(path.stem)), default=None)
        return None if newest is None else int(newest.stem)

    def write_status(self, number: int | None, status: str, code: int, message: str) -> None:
        """Put the status file in place in one stroke."""
        if number is None:
            return
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        said = {
            "name": "web",
            "operation": "Enable",
            "configurationAppliedTime": now,
            "status": status,
            "code": code,
            "formattedMessage": {"lang": "en-US", "message": message},
        }
        beside = self.statuses / f"{number}.status.new"
        beside.write_text(json.dumps([{"version": 1.0, "timestampUTC": now, "status": said}]), encoding="utf-8")
        beside.replace(self.statuses / f"{number}.status")

    def log(self, text: str) -> None:
        """A line in the handler's log."""
        with (self.logs / "web.log").open("a", encoding="utf-8") as file:
            file.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {self.version} {text}\n")


def serve(handler: Handler, wanted: str) -> int:
    """Be the service, until it is told to end or its note is gone."""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer  # only the service needs them

    lock = handler.note.take(wanted)
    if lock is None:
        return 0
    configuration = json.loads(wanted)

    class Answering(BaseHTTPRequestHandler):
        timeout = 5.0

        def do_GET(self) -> None:
            is_health = self.path == "/health"
            greeting = "" if is_health else f"{configuration['greeting']}\n"
            body = f"{greeting}web {handler.version}\n".encode()
            self.send_response(handler.answers)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("X-Process", str(os.getpid()))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the standard library's name
            """Probes ask every second: nothing of them is written down."""

    def listen() -> ThreadingHTTPServer:
        until = time.monotonic() + LISTENING_SECONDS
        while True:
            try:
                return ThreadingHTTPServer(("127.0.0.1", configuration["port"]), Answering)
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(LOOK_SECONDS)

    with listen() as server:

        def look() -> None:
            while handler.note.is_ours(lock):
                time.sleep(OWN_LOOK_SECONDS)
            server.shutdown()

        threading.Thread(target=look, name="look", daemon=True).start()
        server.serve_forever()
    return 0


def main(words: list[str]) -> int:
    """Carry out one command; its exit code."""
    handler = Handler(Path(__file__).resolve().parent)
    commands = {
        "install": handler.install,
        "update": handler.update,
        "enable": handler.enable,
        "disable": handler.disable,
        "uninstall": handler.uninstall,
    }
    if len(words) == 2 and words[0] == "serve":
        return serve(handler, words[1])
    if len(words) != 1 or words[0] not in commands:
        sys.stderr.write(f"usage: web.py {'|'.join(commands)}\n")
        return FAILED
    try:
        commands[words[0]]()
    except CannotGoOn as failure:
        handler.log(f"{words[0]} failed: {failure}")
        sys.stderr.write(f"{failure}\n")
        return failure.code
    handler.log(f"{words[0]} done")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
