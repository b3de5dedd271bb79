"""The simulated models behind an OpenAI-compatible server, with injectable faults.

    python -m bench.worlds.serve --data-dir DIR --port 8000

`create_app` is the ASGI application, `serve` runs it, `running_server` runs it in a child process.
"""

from bench.worlds.serve.app import create_app
from bench.worlds.serve.faults import FaultRates
from bench.worlds.serve.process import running_server, serve

__all__ = ["FaultRates", "create_app", "running_server", "serve"]
