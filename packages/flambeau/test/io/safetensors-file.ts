// Safetensors files made by hand, for tests of what the writer would not write.

/** A file of tensors as given, one after the other. */
export function makeFile(
  tensors: readonly (readonly [name: string, dtype: string, shape: readonly number[], bytes: Uint8Array])[],
): Uint8Array<ArrayBuffer> {
  let at = 0;
  const header: Record<string, unknown> = {};
  for (const [name, dtype, shape, bytes] of tensors)
    header[name] = { dtype, shape, data_offsets: [at, (at += bytes.length)] };
  return withHeader(
    JSON.stringify(header),
    tensors.map(([, , , bytes]) => bytes),
  );
}

/** A file with this header, padded, before these bytes. */
export function withHeader(text: string, data: readonly Uint8Array[] = []): Uint8Array<ArrayBuffer> {
  const json = new TextEncoder().encode(text);
  const length = Math.ceil(json.length / 8) * 8;
  const size = data.reduce((n, d) => n + d.length, 0);
  const file = new Uint8Array(8 + length + size).fill(0x20, 8, 8 + length);
  new DataView(file.buffer).setBigUint64(0, BigInt(length), true);
  file.set(json, 8);
  let at = 8 + length;
  for (const d of data) {
    file.set(d, at);
    at += d.length;
  }
  return file;
}
