"""Kernels from one warm start: the slow imports are done once, and each chapter's kernel is a fork of that.

Jupyter starts a kernel by the command of its kernel specification. Here that command is this file: it asks a
server, which has NumPy, JAX and matplotlib imported and has computed nothing yet, to fork; the child becomes
the kernel. The first kernel of a build starts the server, and the server ends with the build. Where anything
goes wrong, the kernel starts as it always does.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

BACKEND = "module://matplotlib_inline.backend_inline"
SECONDS = 20  # to wait for the server


def setup(app: Sphinx) -> ExtensionMetadata:
    """Have this build's kernels start here."""
    if hasattr(os, "fork"):
        app.connect("builder-inited", specify)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def specify(app: Sphinx) -> None:
    """Put a kernel specification of the usual name before all others."""
    folder = Path(app.doctreedir) / "kernel"
    spec = folder / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, str(Path(__file__)), str(os.getpid()), "-f", "{connection_file}"]
    spec.write_text(json.dumps({"argv": command, "display_name": "Python 3", "language": "python"}), "utf-8")
    paths = [str(folder), *filter(None, [os.environ.get("JUPYTER_PATH")])]
    os.environ["JUPYTER_PATH"] = os.pathsep.join(paths)


# The command: one process a kernel, which waits for its end and hands signals on


def main(build: str, *arguments: str) -> None:
    """Become a kernel of the build with that process, by way of its server."""
    with suppress(OSError, ValueError), connected(build) as server:
        job = {"arguments": arguments, "folder": os.getcwd(), "environment": dict(os.environ)}
        server.sendall(json.dumps(job).encode() + b"\n")
        answers = server.makefile()
        kernel = int(answers.readline())

        def hand_on(number: int, frame: FrameType | None) -> None:
            os.kill(kernel, number)

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, hand_on)
        sys.exit(int(answers.readline() or 1))
    os.execv(sys.executable, [sys.executable, "-m", "ipykernel_launcher", *arguments])


def address(build: str) -> str:
    """Where the server of a build listens: a name that no file has, on Linux; a file elsewhere."""
    name = f"idxcalc-kernels-{os.getuid()}-{build}"
    return f"\0{name}" if sys.platform == "linux" else f"/tmp/{name}"


def connected(build: str) -> socket.socket:
    """A connection to the server, which is started where there is none."""
    until, started = time.monotonic() + SECONDS, False
    while True:
        server = socket.socket(socket.AF_UNIX)
        try:
            server.connect(address(build))
            return server
        except OSError:
            server.close()
            if time.monotonic() > until:
                raise
        if not started:
            environment = {**os.environ, "MPLBACKEND": BACKEND}
            quiet = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)  # it outlives its client
            command = [sys.executable, __file__, build]
            subprocess.Popen(command, start_new_session=True, env=environment, **quiet)  # type: ignore[call-overload]
            started = True
        time.sleep(0.05)


# The server


def serve(build: str) -> None:
    """Fork a kernel for each that asks, as long as the build runs."""
    with socket.socket(socket.AF_UNIX) as listener:
        try:
            listener.bind(address(build))
        except OSError:
            return  # another one was first
        for name in ("numpy", "jax", "jax.numpy", "matplotlib.pyplot", "ipykernel.kernelapp"):
            with suppress(ImportError):
                __import__(name)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        listener.listen()
        listener.settimeout(1)
        while alive(int(build)):
            with suppress(TimeoutError):
                client, _ = listener.accept()
                if not os.fork():
                    listener.close()
                    attend(client)
                client.close()


def alive(process: int) -> bool:
    """Whether a process is there."""
    try:
        os.kill(process, 0)
    except OSError:
        return False
    return True


def attend(client: socket.socket) -> None:
    """Fork the kernel that a client asks for, and tell it the process and, at its end, the status."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    client.settimeout(None)
    job = json.loads(client.makefile().readline())
    if not (kernel := os.fork()):
        client.close()
        become(job)
    client.sendall(b"%d\n" % kernel)
    code = os.waitstatus_to_exitcode(os.waitpid(kernel, 0)[1])
    client.sendall(b"%d\n" % (code if code >= 0 else 128 - code))
    os._exit(0)


def become(job: dict[str, Any]) -> None:
    """Be the kernel, in the folder and with the settings of the client."""
    os.chdir(job["folder"])
    os.environ.clear()
    os.environ.update(job["environment"], JPY_PARENT_PID=str(os.getppid()), MPLBACKEND=BACKEND)
    sys.path[0] = ""
    sys.argv[:] = ["ipykernel_launcher", *job["arguments"]]
    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance()
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:]) if sys.argv[2:] else serve(sys.argv[1])
