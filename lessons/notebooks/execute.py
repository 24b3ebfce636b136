"""Runs a notebook with nbconvert: execute.py IN OUT. Stops at the first cell that fails; what ran is in OUT."""

import asyncio
import queue
import sys
from pathlib import Path

import nbformat
from nbclient.util import run_sync
from nbconvert.preprocessors import CellExecutionError, ExecutePreprocessor


class Execute(ExecutePreprocessor):
    """Begins once the kernel's outputs arrive: what a kernel publishes before somebody listens is lost without a word."""

    async def _start_and_listen(self):
        client = await self.async_start_new_kernel_client()
        while True:
            client.kernel_info()
            try:
                await client.get_iopub_msg(timeout=0.2)
                return client
            except (queue.Empty, asyncio.TimeoutError):
                continue

    start_new_kernel_client = run_sync(_start_and_listen)


source, target = map(Path, sys.argv[1:])
book = nbformat.read(source, as_version=4)
execute = Execute(timeout=120, iopub_timeout=60, raise_on_iopub_timeout=True, kernel_name="deno")
try:
    execute.preprocess(book, {"metadata": {"path": str(source.parent)}})
except CellExecutionError as error:
    sys.exit(str(error))
finally:
    nbformat.write(book, target)
