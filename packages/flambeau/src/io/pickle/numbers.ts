// Numbers and texts as pickles write them. Floor L5 (io).
// Source: https://github.com/python/cpython/blob/main/Lib/pickletools.py

import type { Machine } from "./machine.ts";

/** An int: a number where that is exact. */
export function pythonInt(value: bigint): number | bigint {
  const n = Number(value);
  return Number.isSafeInteger(n) ? n : value;
}

/** Python itself reads no longer ones, since that takes quadratic time. */
const mostDigits = 4300;
const mostLongBytes = 1 << 16;

/** An int in decimal digits on a line of its own; `01` and `00` are true and false. */
export function parseIntLine(m: Machine): number | bigint | boolean {
  const line = m.line();
  if (line === "01") return true;
  if (line === "00") return false;
  const digits = line.trim().replace(/L$/, "");
  if (!/^[+-]?\d+$/.test(digits) || digits.length > mostDigits)
    throw m.bad(`${shown(line)} is no whole number`);
  return pythonInt(BigInt(digits.replace(/^\+/, "")));
}

/** A float in decimal on a line of its own. */
export function parseFloatLine(m: Machine): number {
  const line = m.line();
  const text = line.trim().toLowerCase();
  const special = /^([+-]?)(inf|infinity|nan)$/.exec(text);
  if (special) return special[2] === "nan" ? Number.NaN : special[1] === "-" ? -Infinity : Infinity;
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/.test(text)) throw m.bad(`${shown(line)} is no number`);
  return Number(text);
}

/** An int of any size: two's complement, the least significant byte first. */
export function parseLong(m: Machine, n: number): number | bigint {
  if (n === 0) return 0;
  if (n > mostLongBytes) throw m.bad(`an int of ${n} bytes is larger than any that is read`);
  const bytes = m.take(n);
  let hex = "";
  for (let i = n - 1; i >= 0; i--) hex += bytes[i]!.toString(16).padStart(2, "0");
  return pythonInt(BigInt.asIntN(8 * n, BigInt(`0x${hex}`)));
}

const shown = (line: string): string => JSON.stringify(line.length > 60 ? `${line.slice(0, 60)}…` : line);

const escapes: Readonly<Record<string, string>> = {
  "\\": "\\",
  "'": "'",
  '"': '"',
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** Bytes between quotes, with Python's escapes. */
export function unquote(m: Machine): Uint8Array<ArrayBuffer> {
  const line = m.line().trim();
  const quote = line[0];
  if (line.length < 2 || (quote !== "'" && quote !== '"') || line.at(-1) !== quote)
    throw m.bad("a text has no quotes around it");
  const out: number[] = [];
  for (const [, code, plain, other] of line
    .slice(1, -1)
    .matchAll(/\\(?:x([0-9a-fA-F]{2})|([\s\S]))|([\s\S])/g)) {
    if (code !== undefined) out.push(Number.parseInt(code, 16));
    else if (plain !== undefined) {
      if (!Object.hasOwn(escapes, plain))
        throw m.bad(`a text has the unknown escape ${JSON.stringify(`\\${plain}`)}`);
      out.push(escapes[plain]!.charCodeAt(0));
    } else out.push(other!.charCodeAt(0) & 255);
  }
  return Uint8Array.from(out);
}

/** Text with `\uXXXX` and `\UXXXXXXXX` for what does not fit one byte. */
export const unescapeRaw = (line: string): string =>
  line.replace(
    /\\u([0-9a-fA-F]{4})|\\U(00(?:0[0-9a-fA-F]|10)[0-9a-fA-F]{4})/g,
    (_, short?: string, long?: string) => String.fromCodePoint(Number.parseInt(short ?? long!, 16)),
  );
