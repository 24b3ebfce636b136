// Cyclic redundancy checks of 32 bits, as zip archives have them. Floor L5 (io).

/** Continues a checksum over more bytes; the first call leaves `before` out. */
export type Crc = (bytes: Uint8Array, before?: number) => number;

/** Bytes that are looked up at once; more would crowd the tables out of the cache. */
const width = 8;

/** What to look up for each byte of eight. */
function tablesOf(polynomial: number): Int32Array[] {
  const tables = Array.from({ length: width }, () => new Int32Array(256));
  const [first] = tables as [Int32Array];
  for (let n = 0; n < 256; n++) {
    let c = n;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? polynomial ^ (c >>> 1) : c >>> 1;
    first[n] = c;
  }
  for (let k = 1; k < width; k++)
    for (let n = 0; n < 256; n++) {
      const c = tables[k - 1]![n]!;
      tables[k]![n] = first[c & 255]! ^ (c >>> 8);
    }
  return tables;
}

/** The checksum of a reflected polynomial. */
export function crcOf(polynomial: number): Crc {
  let tables: Int32Array[] | null = null;
  return (bytes, before = 0) => {
    tables ??= tablesOf(polynomial);
    const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [Int32Array, ...Int32Array[]] & { length: 8 };
    let c = ~before;
    let i = 0;
    for (const end = bytes.length - 7; i < end; i += 8)
      c =
        t7![(c ^ bytes[i]!) & 255]! ^
        t6![((c >>> 8) ^ bytes[i + 1]!) & 255]! ^
        t5![((c >>> 16) ^ bytes[i + 2]!) & 255]! ^
        t4![(c >>> 24) ^ bytes[i + 3]!]! ^
        t3![bytes[i + 4]!]! ^
        t2![bytes[i + 5]!]! ^
        t1![bytes[i + 6]!]! ^
        t0[bytes[i + 7]!]!;
    for (; i < bytes.length; i++) c = t0[(c ^ bytes[i]!) & 255]! ^ (c >>> 8);
    return ~c >>> 0;
  };
}

/** The checksum of zip, gzip and PNG. */
export const crc32: Crc = crcOf(0xedb88320);
