// Programs in an address: files as JSON, deflated, in base64url, after a version. Everything stays in the fragment, which
// browsers do not send to any server.

import type { Files } from "../runner/link.ts";

const VERSION = "1";
/** More than this is no program that someone shares. */
const MOST_BYTES = 1_000_000;

/** The text is not what {@link encode} makes. */
export class ShareError extends Error {
  override name = "ShareError";
}

/** Files as a text for an address. */
export async function encode(files: Files): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(files));
  const packed = await collect(new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate-raw")));
  const binary = Array.from(packed, (byte) => String.fromCharCode(byte)).join("");
  const text = btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return `${VERSION}.${text}`;
}

/**
 * The files of such a text.
 *
 * @throws ShareError when the text is damaged, cut off, too large or of a version that is not known
 */
export async function decode(text: string): Promise<Files> {
  const [version, body = ""] = text.split(".", 2);
  if (version !== VERSION) throw new ShareError(`unknown version ${JSON.stringify(version)}`);
  const files: unknown = await unpack(body).catch((thrown: unknown) => {
    throw thrown instanceof ShareError ? thrown : new ShareError("damaged or cut off");
  });
  if (!isFiles(files)) throw new ShareError("holds no files");
  return files;
}

async function unpack(body: string): Promise<unknown> {
  const binary = atob(body.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(await collect(stream)));
}

async function collect(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > MOST_BYTES) {
      await reader.cancel();
      throw new ShareError("too large");
    }
    parts.push(value);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Whether a value is what the playground can open: named texts, at least one of them a program. */
export function isFiles(value: unknown): value is Files {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const entries = Object.entries(value);
  return (
    entries.every(([path, text]) => fault(path) === undefined && typeof text === "string") &&
    entries.some(([path]) => path.endsWith(".ts"))
  );
}

export type Fault = "empty" | "characters" | "extension";

/** What is wrong with a file's name, if anything. */
export function fault(path: string): Fault | undefined {
  if (path === "") return "empty";
  if (!/^[\w-]+(?:[./][\w-]+)*$/.test(path) || path.length > 60) return "characters";
  return /\.(?:ts|json)$/.test(path) ? undefined : "extension";
}
