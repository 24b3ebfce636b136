// What all sides of a row start from: parameters and data in two files, numbers and where they stand among them.

import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface Entry {
  readonly name: string;
  readonly dtype: "float32" | "int32";
  readonly shape: readonly number[];
  /** Where the elements begin in the file of numbers, in bytes. */
  readonly offset: number;
}

export interface Start {
  readonly parameters: readonly (Entry & { readonly values: Float32Array<ArrayBuffer> })[];
  readonly data: readonly (Entry & {
    readonly values: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;
  })[];
}

/** Reads what write.ts wrote for a row. */
export function readStart(folder: string, row: string): Start {
  const index = JSON.parse(readFileSync(join(folder, `${row}.json`), "utf8")) as Start;
  const file = readFileSync(join(folder, `${row}.bin`));
  const bytes = new Uint8Array(file).buffer;
  const read = (e: Entry): never => {
    const count = e.shape.reduce((n, extent) => n * extent, 1);
    const values = e.dtype === "int32" ? Int32Array : Float32Array;
    return { ...e, values: new values(bytes, e.offset, count) } as never;
  };
  return { parameters: index.parameters.map(read), data: index.data.map(read) };
}
