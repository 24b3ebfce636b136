// Writes what all sides of a row start from; start.ts reads it, and torch_train.py.

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { make } from "./models.ts";
import type { Entry } from "./start.ts";

/** Writes `row`.json and `row`.bin (little endian) for each row into a new temporary folder; gives its path. */
export function writeStarts(rows: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "flambeau-bench-"));
  for (const row of rows) {
    const { parameters, data } = make(row);
    const parts: Uint8Array[] = [];
    let offset = 0;
    const entry = ([name, x]: readonly [string, (typeof data)[number]]): Entry => {
      const values = x.detach().contiguous().toTypedArray() as Float32Array | Int32Array;
      const at = offset;
      parts.push(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
      offset += values.byteLength;
      return { name, dtype: x.dtype as Entry["dtype"], shape: x.shape as readonly number[], offset: at };
    };
    const index = {
      parameters: parameters.map(entry),
      data: data.map((x, i) => entry([`data${i}`, x])),
    };
    writeFileSync(join(folder, `${row}.bin`), Buffer.concat(parts));
    writeFileSync(join(folder, `${row}.json`), JSON.stringify(index));
  }
  return folder;
}
