// The list of what a zip archive holds, checked before any of it is believed: every entry lies in the file, and none in
// another. Floor L5 (io). Source: PKWARE's APPNOTE.TXT 6.3.10

import { FileError } from "../../base/errors.ts";
import type { ByteSource } from "../source.ts";

/** A file in an archive. */
export interface ZipEntry {
  readonly name: string;
  /** Length of the name in the file. */
  readonly nameBytes: number;
  /** 0: as it is; 8: deflated. */
  readonly method: 0 | 8;
  readonly size: number;
  readonly compressedSize: number;
  readonly crc: number;
  /** Where its header starts. */
  readonly header: number;
  /** Where at the latest its bytes end. */
  readonly limit: number;
}

/** Why an archive is refused. */
const refuse = (source: ByteSource, problem: string): never => {
  throw new FileError(source.name, `the zip archive ${problem}`);
};

const endBytes = 22;
const longestComment = 65535;
const locatorBytes = 20;
const end64Bytes = 56;
const entryBytes = 46;
export const localBytes = 30;
/** Entries are kept in memory: more than this is no archive of tensors. */
const mostEntries = 1 << 21;
/** Deflate never makes less than one byte of so many. */
const bestRatio = 1032;

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** A whole number of 8 bytes; beyond 2^53 it is larger than any file. */
const long = (view: DataView, at: number): number => Number(view.getBigUint64(at, true));

interface End {
  readonly count: number;
  readonly size: number;
  readonly start: number;
  /** Where the directory must have ended. */
  readonly limit: number;
}

/** Finds the record that ends an archive: the last one whose comment reaches the end of the file. */
async function readEnd(source: ByteSource): Promise<End> {
  const tail = Math.min(source.size, endBytes + longestComment);
  const base = source.size - tail;
  const bytes = await source.read(base, tail);
  const view = viewOf(bytes);
  let at = tail - endBytes;
  while (
    at >= 0 &&
    !(view.getUint32(at, true) === 0x06054b50 && at + endBytes + view.getUint16(at + 20, true) === tail)
  )
    at--;
  if (at < 0) return refuse(source, "has no end: it is truncated, or no zip archive");
  const disks = view.getUint16(at + 4, true) | view.getUint16(at + 6, true);
  const count = view.getUint16(at + 10, true);
  const size = view.getUint32(at + 12, true);
  const start = view.getUint32(at + 16, true);
  const locator = at - locatorBytes;
  if (count !== 0xffff && size !== 0xffffffff && start !== 0xffffffff) {
    if (disks !== 0) return refuse(source, "is split into several files, which is not supported");
    return { count, size, start, limit: base + at };
  }
  if (locator < 0 || view.getUint32(locator, true) !== 0x07064b50)
    return refuse(source, "lacks the record of its large sizes (zip64)");
  const at64 = long(view, locator + 8);
  if (at64 + end64Bytes > base + locator)
    return refuse(source, `puts its zip64 record at byte ${at64}, outside of the file`);
  const view64 = viewOf(await source.read(at64, end64Bytes));
  if (view64.getUint32(0, true) !== 0x06064b50)
    return refuse(source, `has no zip64 record at byte ${at64}, where one should be`);
  return { count: long(view64, 32), size: long(view64, 40), start: long(view64, 48), limit: at64 };
}

/** Sizes that did not fit 32 bits stand in a field of their own, in this order. */
function zip64Fields(extra: DataView, wanted: readonly boolean[]): number[] | null {
  for (let at = 0; at + 4 <= extra.byteLength; ) {
    const length = extra.getUint16(at + 2, true);
    const stop = at + 4 + length;
    if (stop > extra.byteLength) return null;
    if (extra.getUint16(at, true) === 1) {
      const values: number[] = [];
      let field = at + 4;
      for (const needed of wanted) {
        if (needed && field + 8 > stop) return null;
        values.push(needed ? long(extra, field) : 0);
        if (needed) field += 8;
      }
      return values;
    }
    at = stop;
  }
  return null;
}

/** Whether a name could lead out of a folder that it is unpacked into, or means nothing. */
const isUnsafe = (name: string): boolean =>
  name === "" ||
  name.includes("\0") ||
  name.includes("\\") ||
  /^(?:\/|[A-Za-z]:)/.test(name) ||
  name.split("/").includes("..");

/** A name as messages show it. */
const quoted = (name: string): string => JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}…` : name);

type Unbounded = Omit<ZipEntry, "limit">;

function readEntry(source: ByteSource, bytes: Uint8Array, at: number): { entry: Unbounded; next: number } {
  const cut = (): never => refuse(source, "has a damaged directory: an entry is cut off");
  if (at + entryBytes > bytes.length) return cut();
  const view = viewOf(bytes.subarray(at));
  if (view.getUint32(0, true) !== 0x02014b50)
    return refuse(source, "has a damaged directory: no entry where one should be");
  const flags = view.getUint16(8, true);
  const method = view.getUint16(10, true);
  const nameEnd = entryBytes + view.getUint16(28, true);
  const extraEnd = nameEnd + view.getUint16(30, true);
  const next = extraEnd + view.getUint16(32, true);
  if (next > view.byteLength) return cut();
  let name: string;
  try {
    name = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      bytes.subarray(at + entryBytes, at + nameEnd),
    );
  } catch {
    return refuse(source, "has a damaged directory: a name is not UTF-8");
  }
  if (isUnsafe(name)) return refuse(source, `holds a file with the unsafe name ${quoted(name)}`);
  if (flags & 1) return refuse(source, `holds ${quoted(name)} encrypted, which is not supported`);
  if (method !== 0 && method !== 8)
    return refuse(
      source,
      `holds ${quoted(name)} compressed by method ${method}; only stored and deflated files are read`,
    );
  let compressedSize = view.getUint32(20, true);
  let size = view.getUint32(24, true);
  let header = view.getUint32(42, true);
  const wide = [size === 0xffffffff, compressedSize === 0xffffffff, header === 0xffffffff];
  if (wide.includes(true)) {
    const extra = viewOf(bytes.subarray(at + nameEnd, at + extraEnd));
    const values = zip64Fields(extra, wide);
    if (values === null) return refuse(source, `lacks the large sizes (zip64) of ${quoted(name)}`);
    if (wide[0]) size = values[0]!;
    if (wide[1]) compressedSize = values[1]!;
    if (wide[2]) header = values[2]!;
  }
  if (method === 0 ? size !== compressedSize : size > compressedSize * bestRatio)
    return refuse(
      source,
      `declares ${size} bytes for ${quoted(name)}, which ${compressedSize} in the file cannot hold`,
    );
  return {
    entry: {
      name,
      nameBytes: nameEnd - entryBytes,
      method,
      size,
      compressedSize,
      crc: view.getUint32(16, true),
      header,
    },
    next: at + next,
  };
}

/**
 * Reads the directory of an archive. Nothing of the entries themselves is read.
 * @throws FileError for what is no archive, is damaged or encrypted; for entries that lie in each other or outside of the file,
 * have one name, or names that lead elsewhere
 */
export async function readDirectory(source: ByteSource): Promise<Map<string, ZipEntry>> {
  const end = await readEnd(source);
  if (end.start + end.size > end.limit)
    return refuse(
      source,
      `puts its directory at bytes ${end.start} to ${end.start + end.size}, outside of the file`,
    );
  if (end.count > mostEntries)
    return refuse(source, `lists ${end.count} files; at most ${mostEntries} are read`);
  if (end.count * entryBytes > end.size)
    return refuse(
      source,
      `lists ${end.count} files in a directory of ${end.size} bytes, where they cannot be`,
    );
  const bytes = await source.read(end.start, end.size);
  const found: Unbounded[] = [];
  for (let at = 0; found.length < end.count; ) {
    const { entry, next } = readEntry(source, bytes, at);
    found.push(entry);
    at = next;
  }
  const entries = new Map<string, ZipEntry>();
  const order = [...found].sort((a, b) => a.header - b.header);
  const limits = new Map(order.map((entry, i) => [entry, order[i + 1]?.header ?? end.start]));
  for (const entry of found) {
    const limit = limits.get(entry)!;
    if (entries.has(entry.name)) return refuse(source, `holds ${quoted(entry.name)} twice`);
    if (limit > end.start || entry.header + localBytes + entry.nameBytes + entry.compressedSize > limit)
      return refuse(
        source,
        `is damaged: ${quoted(entry.name)} overlaps another file, or reaches outside of the archive`,
      );
    entries.set(entry.name, { ...entry, limit });
  }
  return entries;
}
