"""Runs a notebook with nbconvert: execute.py IN OUT. Stops at the first cell that fails; what ran is in OUT."""

import asyncio
import queue
import sys
import time
from pathlib import Path

import nbformat
from nbclient.exceptions import CellExecutionComplete
from nbclient.util import run_sync
from nbconvert.preprocessors import CellExecutionError, ExecutePreprocessor

# How long to wait for a picture that is due, and for anything else, once the kernel says that a cell is done.
PICTURE_S = 20
OTHERS_S = 0.2


class Execute(ExecutePreprocessor):
    """As nbconvert runs notebooks, but for two habits of Deno's kernel."""

    async def _start_and_listen(self):
        """Begins once the kernel's outputs arrive: what it publishes before that is lost without a word."""
        client = await self.async_start_new_kernel_client()
        while True:
            client.kernel_info()
            try:
                await client.get_iopub_msg(timeout=0.2)
                return client
            except (queue.Empty, asyncio.TimeoutError):
                continue

    start_new_kernel_client = run_sync(_start_and_listen)

    async def _async_poll_output_msg(self, parent_msg_id, cell, cell_index):
        """Stays for outputs that come after the kernel says that it is done: a cell's value may be one of them."""
        deadline = None
        while True:
            try:
                left = None if deadline is None else max(0, deadline - time.monotonic())
                message = await self.kc.iopub_channel.get_msg(timeout=left)
            except (queue.Empty, asyncio.TimeoutError):
                return
            if message["parent_header"].get("msg_id") != parent_msg_id:
                continue
            try:
                self.process_message(message, cell, cell_index)
            except CellExecutionComplete:
                deadline = time.monotonic() + OTHERS_S
            if deadline is not None:
                failed = any(output.output_type == "error" for output in cell.outputs)
                due = "figure" in cell.metadata.get("tags", []) and not failed and not self._pictures(cell)
                deadline = time.monotonic() + (PICTURE_S if due else OTHERS_S)

    @staticmethod
    def _pictures(cell):
        return [output for output in cell.outputs if "image/svg+xml" in output.get("data", {})]


source, target = map(Path, sys.argv[1:])
book = nbformat.read(source, as_version=4)
execute = Execute(timeout=120, iopub_timeout=60, raise_on_iopub_timeout=True, kernel_name="deno")
try:
    execute.preprocess(book, {"metadata": {"path": str(source.parent)}})
except CellExecutionError as error:
    sys.exit(str(error))
finally:
    nbformat.write(book, target)
