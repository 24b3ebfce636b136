// The header of a safetensors file: names, dtypes, shapes and places of its tensors, and free text. Floor L5 (io).
// Source: https://huggingface.co/docs/safetensors, "Format"

import { FileError } from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import type { ElementFormat } from "../elements.ts";
import { elementFormats, elementsOf } from "../elements.ts";
import { JsonReader } from "../json-reader.ts";
import type { ByteSource } from "../source.ts";

/** The dtypes of the format that are read. */
export const formats: Readonly<Record<string, ElementFormat>> = {
  BOOL: elementFormats.bool,
  U8: elementFormats.u8,
  I8: elementFormats.i8,
  U16: elementFormats.u16,
  I16: elementFormats.i16,
  U32: elementFormats.u32,
  I32: elementFormats.i32,
  U64: elementFormats.u64,
  I64: elementFormats.i64,
  F16: elementFormats.f16,
  BF16: elementFormats.bf16,
  F32: elementFormats.f32,
  F64: elementFormats.f64,
  F8_E4M3: elementFormats.f8e4m3,
  F8_E5M2: elementFormats.f8e5m2,
};

/** Names of the dtypes that are read. */
export type SafetensorsDType =
  | "BOOL"
  | "U8"
  | "I8"
  | "U16"
  | "I16"
  | "U32"
  | "I32"
  | "U64"
  | "I64"
  | "F16"
  | "BF16"
  | "F32"
  | "F64"
  | "F8_E4M3"
  | "F8_E5M2";

/** A tensor of a file. */
export interface Entry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: Shape;
  /** Where its bytes lie in the file, from and up to. */
  readonly start: number;
  readonly end: number;
}

export interface Header {
  /** In the order of their bytes. */
  readonly entries: readonly Entry[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** Bits of an element, also of dtypes that are not read, so that their places can be checked. */
const bitsOf = (dtype: string): number | null =>
  Object.hasOwn(formats, dtype)
    ? 8 * formats[dtype]!.bytes
    : Object.hasOwn(others, dtype)
      ? others[dtype]!
      : null;
const others: Readonly<Record<string, number>> = {
  C64: 64,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
};

/** Longest header in bytes, as the reference implementation has it. */
export const mostHeaderBytes = 100_000_000;
export const metadataKey = "__metadata__";

/** Reads and checks the header: every byte of the file belongs to exactly one tensor. @throws FileError if not */
export async function readHeader(source: ByteSource): Promise<Header> {
  const bad = (problem: string): FileError =>
    new FileError(source.name, `is no valid safetensors file: ${problem}`);
  if (source.size < 8) throw bad(`it has ${source.size} bytes, and the length of its header alone takes 8`);
  const prefix = await source.read(0, 8);
  const declared = new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true);
  if (declared > mostHeaderBytes)
    throw bad(`its header would have ${declared} bytes; at most ${mostHeaderBytes} are allowed`);
  const length = Number(declared);
  const begin = 8 + length;
  if (begin > source.size)
    throw bad(`its header would have ${length} bytes, but the file ends after ${source.size - 8}`);
  const json = new JsonReader(await source.read(8, length), bad);
  const entries: Entry[] = [];
  const metadata: [string, string][] = [];
  json.object("the header", (name) => {
    if (name === metadataKey) {
      json.object(metadataKey, (key) => {
        metadata.push([key, json.string(`${metadataKey}["${key}"]`)]);
      });
      return;
    }
    entries.push(readEntry(json, name, begin));
  });
  json.end();
  check(entries, begin, source.size, bad);
  return { entries, metadata: Object.fromEntries(metadata) };
}

function readEntry(json: JsonReader, name: string, begin: number): Entry {
  const what = `tensor "${name}"`;
  let dtype: string | null = null;
  let shape: number[] | null = null;
  let offsets: number[] | null = null;
  json.object(what, (field) => {
    if (field === "dtype") dtype = json.string(`dtype of ${what}`);
    else if (field === "shape") shape = json.sizes(`shape of ${what}`);
    else if (field === "data_offsets") offsets = json.sizes(`data_offsets of ${what}`);
    else json.skip();
  });
  if (dtype === null || shape === null || offsets === null)
    throw json.error(`${what} lacks dtype, shape or data_offsets`);
  const [from, to, ...more] = offsets as number[];
  if (from === undefined || to === undefined || more.length > 0)
    throw json.error(`data_offsets of ${what} are not two numbers`);
  return { name, dtype, shape, start: begin + from, end: begin + to };
}

function check(entries: Entry[], begin: number, size: number, bad: (problem: string) => FileError): void {
  entries.sort((a, b) => a.start - b.start || a.end - b.end);
  let at = begin;
  for (const { name, dtype, shape, start, end } of entries) {
    const bits = bitsOf(dtype);
    if (bits === null) throw bad(`tensor "${name}" has the unknown dtype "${dtype}"`);
    const n = elementsOf(shape);
    if (n === null || n * bits > 8 * Number.MAX_SAFE_INTEGER)
      throw bad(`the size of tensor "${name}" of shape [${shape.join(", ")}] is beyond all numbers`);
    if (end - start !== Math.ceil((n * bits) / 8) || (n * bits) % 8 !== 0)
      throw bad(
        `tensor "${name}" of dtype ${dtype} and shape [${shape.join(", ")}] takes ${(n * bits) / 8} bytes, but its data_offsets span ${end - start}`,
      );
    if (start !== at)
      throw bad(
        start < at
          ? `tensor "${name}" overlaps the one before it`
          : `${start - at} bytes before tensor "${name}" belong to no tensor`,
      );
    if (end > size)
      throw bad(`tensor "${name}" ends at byte ${end}, but the file has ${size}: it is truncated`);
    at = end;
  }
  if (at !== size) throw bad(`${size - at} bytes after the last tensor belong to no tensor`);
}
