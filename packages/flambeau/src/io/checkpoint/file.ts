// A checkpoint as a file: a safetensors file whose metadata hold the tree of the state, and a checksum of every byte.
// Loaded on first use. Floor L5 (io).

import { FileError } from "../../base/errors.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { crc32 } from "../crc.ts";
import { bytesOf } from "../elements.ts";
import { JsonReader } from "../json-reader.ts";
import { SafetensorsFile } from "../safetensors/read.ts";
import { encoded, headerOf, itemsOf } from "../safetensors/write.ts";
import type { ByteSink } from "../sink.ts";
import type { ByteSource } from "../source.ts";
import { writeData } from "../tensor-bytes.ts";

/** How such a file begins after the length of its header; the checksum follows, computed with zeros in its place. */
const start = '{"__metadata__":{"crc32":"';
const digits = 8;
const checksumAt = 8 + start.length;
/** Longest tree, in bytes of JSON. */
const mostTreeBytes = 1 << 25;

const text = new TextEncoder();

/** Writes a checkpoint. */
export async function writeCheckpoint(
  sink: ByteSink,
  tree: unknown,
  tensors: ReadonlyMap<string, AnyTensor>,
): Promise<void> {
  const items = itemsOf(tensors, {});
  const checkpoint = JSON.stringify(tree);
  if (checkpoint.length > mostTreeBytes)
    throw new FileError(
      sink.name,
      `cannot be written: ${checkpoint.length} bytes of plain values; put large data into tensors`,
    );
  const header = headerOf(items, { crc32: "0".repeat(digits), format: "flambeau checkpoint 1", checkpoint });
  let crc = crc32(header);
  for (const item of items) crc = crc32(bytesOf(encoded(item)), crc);
  header.set(text.encode(crc.toString(16).padStart(digits, "0")), checksumAt);
  await sink.write(header);
  for (const item of items) await writeData(sink, encoded(item));
}

const pieceBytes = 1 << 22;

/** Compares all bytes with the checksum. @throws FileError if they differ, or there is none */
async function verify(source: ByteSource): Promise<void> {
  const none = (): FileError =>
    new FileError(source.name, "is no checkpoint of saveCheckpoint: it has no checksum where one should be");
  const end = checksumAt + digits;
  if (source.size < end) throw none();
  const head = (await source.read(0, end)).slice();
  const latin = new TextDecoder("latin1");
  const sum = latin.decode(head.subarray(checksumAt));
  if (latin.decode(head.subarray(8, checksumAt)) !== start || !/^[0-9a-f]{8}$/.test(sum)) throw none();
  head.fill(0x30, checksumAt);
  let crc = crc32(head);
  for (let at = end; at < source.size; at += pieceBytes)
    crc = crc32(await source.read(at, Math.min(pieceBytes, source.size - at)), crc);
  if (crc !== Number.parseInt(sum, 16))
    throw new FileError(source.name, "is damaged: its bytes do not fit their checksum (CRC-32)");
}

/** Reads a checkpoint. @throws FileError if it is damaged, or is none */
export async function readCheckpoint(
  source: ByteSource,
): Promise<{ tree: unknown; tensors: Readonly<Record<string, AnyTensor>> }> {
  await verify(source);
  const file = await SafetensorsFile.open(source);
  const { checkpoint } = file.header.metadata;
  const bad = (problem: string): FileError =>
    new FileError(source.name, `is no valid checkpoint: ${problem}`);
  if (checkpoint === undefined) throw bad("it has no state beside its tensors");
  if (checkpoint.length > mostTreeBytes) throw bad(`it has ${checkpoint.length} bytes of plain values`);
  const json = new JsonReader(text.encode(checkpoint), bad);
  const tree = json.value();
  json.end();
  return { tree, tensors: Object.fromEntries(await file.all()) };
}
