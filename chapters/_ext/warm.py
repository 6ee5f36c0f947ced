"""Kernels from one warm start: the slow imports are done once, and each chapter's kernel is a fork of that.

Jupyter starts a kernel by the command of its kernel specification. Here that command is this file: it asks a
server, which has NumPy, JAX and matplotlib imported and has computed nothing yet, to fork; the child becomes
the kernel. The server starts with the build, imports when the first kernel asks, and ends with the build.
Where anything goes wrong, the kernel starts as it always does.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from shutil import rmtree
from socket import AF_UNIX, socket
from socketserver import ForkingMixIn, UnixStreamServer
from subprocess import DEVNULL, Popen
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

BACKEND = "module://matplotlib_inline.backend_inline"
EARLY = ("numpy", "jax", "jax.numpy", "matplotlib.pyplot", "ipykernel.kernelapp")
STARTED: list[Popen[bytes]] = []


def setup(app: Sphinx) -> ExtensionMetadata:
    """Have this build's kernels start here."""
    if hasattr(os, "fork"):
        app.connect("builder-inited", specify)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def specify(app: Sphinx) -> None:
    """Start the server, and put a kernel specification of the usual name before all others."""
    folder = Path(mkdtemp(prefix="idxcalc-"))  # which no other user may enter
    with socket(AF_UNIX) as listener:
        listener.bind(str(folder / "socket"))
        listener.listen()
        command, environment = [sys.executable, __file__], {**os.environ, "MPLBACKEND": BACKEND}
        quiet = {"stdout": DEVNULL, "stderr": DEVNULL, "start_new_session": True}
        served = [*command, "serve", str(folder), str(os.getpid())]
        STARTED.append(Popen(served, stdin=listener, env=environment, **quiet))
    spec = folder / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    argv = [*command, "start", str(folder), "-f", "{connection_file}"]
    spec.write_text(json.dumps({"argv": argv, "display_name": "Python 3", "language": "python"}), "utf-8")
    paths = [str(folder), *filter(None, [os.environ.get("JUPYTER_PATH")])]
    os.environ["JUPYTER_PATH"] = os.pathsep.join(paths)


def start(folder: str, *arguments: str) -> None:
    """The command: have a kernel started, hand signals on to it, and wait for its end."""
    with suppress(OSError, ValueError), socket(AF_UNIX) as server:
        server.connect(f"{folder}/socket")
        job = {"arguments": arguments, "folder": os.getcwd(), "environment": dict(os.environ)}
        server.sendall(json.dumps(job).encode() + b"\n")
        answers = server.makefile()
        kernel = int(answers.readline())
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, frame: os.kill(kernel, number))
        sys.exit(int(answers.readline() or 1))
    os.execv(sys.executable, [sys.executable, "-m", "ipykernel_launcher", *arguments])


class Server(ForkingMixIn, UnixStreamServer):
    """Forks a kernel for each that asks, on the socket that it was given as standard input."""

    def server_bind(self) -> None:
        self.socket.close()
        self.socket = socket(fileno=os.dup(0))
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)

    def server_activate(self) -> None:
        """The build listens already."""

    def service_actions(self) -> None:
        super().service_actions()
        if os.getppid() != int(sys.argv[3]):  # the build has ended
            sys.exit()

    def process_request(self, request: Any, client_address: Any) -> None:
        for name in EARLY:
            with suppress(ImportError):
                import_module(name)
        super().process_request(request, client_address)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """In the fork: start the kernel, tell the process and, at its end, the status."""
        job = json.loads(request.makefile().readline())
        if not (kernel := os.fork()):
            request.close()
            self.socket.close()
            become(**job)
        request.sendall(b"%d\n" % kernel)
        code = os.waitstatus_to_exitcode(os.waitpid(kernel, 0)[1])
        request.sendall(b"%d\n" % (code if code >= 0 else 128 - code))


def become(arguments: list[str], folder: str, environment: dict[str, str]) -> None:
    """Be the kernel, in the folder and with the settings of the client."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment, JPY_PARENT_PID=str(os.getppid()), MPLBACKEND=BACKEND)
    sys.path[0] = ""
    sys.argv[:] = ["ipykernel_launcher", *arguments]
    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance()
    os._exit(0)


def serve(folder: str, build: str) -> None:
    """Fork kernels as long as the build runs."""
    try:
        Server("", None).serve_forever()  # type: ignore[arg-type]
    finally:
        rmtree(folder)


if __name__ == "__main__":
    {"start": start, "serve": serve}[sys.argv[1]](*sys.argv[2:])
