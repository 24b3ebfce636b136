// The header of a .npy file: dtype, order of the elements and shape, as a Python dictionary. Floor L5 (io).
// Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

import { FileError } from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import type { ElementFormat, ElementName } from "../elements.ts";
import { elementFormats, elementsOf } from "../elements.ts";
import { mostDims } from "../json-reader.ts";
import type { ByteSource } from "../source.ts";

/** What a header says. */
export interface NpyHeader {
  readonly format: ElementFormat;
  /** Whether the most significant byte comes first. */
  readonly big: boolean;
  /** Whether the first index runs fastest. */
  readonly fortran: boolean;
  readonly shape: Shape;
  /** Where the elements begin. */
  readonly start: number;
}

/** Formats by NumPy's letters for kind and size. */
const formats: Readonly<Record<string, ElementName>> = {
  b1: "bool",
  i1: "i8",
  u1: "u8",
  i2: "i16",
  u2: "u16",
  i4: "i32",
  u4: "u32",
  i8: "i64",
  u8: "u64",
  f2: "f16",
  f4: "f32",
  f8: "f64",
};
/** What else there is, for messages. */
const kinds: Readonly<Record<string, string>> = {
  O: "Python objects, which are pickled: reading them would run code",
  S: "byte strings",
  U: "strings",
  c: "complex numbers",
  M: "dates",
  m: "time spans",
  V: "raw records",
  f: "floating-point numbers of this size",
};

const mostHeaderBytes = 1 << 16;
export const magic: readonly number[] = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

type Bad = (problem: string) => FileError;

/** What a descr such as "<f4" means. @throws FileError for what is no number, and what is not read */
export function formatOf(descr: string, bad: Bad): { format: ElementFormat; big: boolean } {
  const parts = /^([<>|=]?)([A-Za-z?])(\d*)(?:\[\w+\])?$/.exec(descr);
  if (!parts) throw bad(`its dtype ${JSON.stringify(descr)} cannot be read`);
  const [, order, kind, size] = parts as unknown as [string, string, string, string];
  const name = kind === "?" ? "bool" : formats[`${kind}${size}`];
  if (name) return { format: elementFormats[name], big: order === ">" };
  const what = Object.hasOwn(kinds, kind) ? kinds[kind]! : "elements of an unknown kind";
  throw bad(`its dtype ${JSON.stringify(descr)} stands for ${what}; only booleans and real numbers are read`);
}

/** Reads the literals of Python that such a header has. */
class Literals {
  readonly #text: string;
  readonly #bad: Bad;
  #at = 0;

  constructor(text: string, bad: Bad) {
    this.#text = text;
    this.#bad = bad;
  }
  /** Takes what `pattern` (sticky) matches next, after white space. */
  #take(pattern: RegExp): RegExpExecArray | null {
    const space = /\s*/y;
    space.lastIndex = this.#at;
    space.exec(this.#text);
    pattern.lastIndex = space.lastIndex;
    const found = pattern.exec(this.#text);
    if (found) this.#at = pattern.lastIndex;
    return found;
  }
  #must(pattern: RegExp, what: string): string {
    const found = this.#take(pattern);
    if (found) return found[1] ?? found[0];
    throw this.#bad(
      `its header has ${JSON.stringify(this.#text.slice(this.#at, this.#at + 20))} where ${what} is expected`,
    );
  }
  /** `{'a': ..., }`: `each` reads the value of a key. */
  dict(each: (key: string) => void): void {
    this.#must(/\{/y, "{");
    const seen = new Set<string>();
    while (!this.#take(/\}/y)) {
      const key = this.string("a key");
      if (seen.has(key)) throw this.#bad(`its header has the key ${JSON.stringify(key)} twice`);
      seen.add(key);
      this.#must(/:/y, ":");
      each(key);
      if (!this.#take(/,/y)) {
        this.#must(/\}/y, "}");
        break;
      }
    }
    if (!this.#take(/$/y)) throw this.#bad("its header goes on after its end");
  }
  string(what: string): string {
    return this.#must(/'([^'\\]*)'|"([^"\\]*)"/y, what).replace(/^"|"$/g, "");
  }
  /** A dtype: a string, or a list of fields. */
  descr(): string {
    if (this.#take(/\[/y))
      throw this.#bad("its dtype is a record with fields; only booleans and real numbers are read");
    return this.string("a dtype");
  }
  bool(): boolean {
    return this.#must(/True|False/y, "True or False") === "True";
  }
  /** `(2, 3)`, `(2,)`, `()`; Python 2 wrote `2L`. */
  sizes(): number[] {
    this.#must(/\(/y, "(");
    const sizes: number[] = [];
    while (!this.#take(/\)/y)) {
      if (sizes.length === mostDims) throw this.#bad(`its shape has more than ${mostDims} dimensions`);
      sizes.push(Number(this.#must(/(\d+)L?/y, "a size")));
      if (!this.#take(/,/y)) {
        this.#must(/\)/y, ")");
        break;
      }
    }
    return sizes;
  }
}

/** Reads and checks a header. @throws FileError for what is no valid .npy file, or holds what is not read */
export async function readNpyHeader(source: ByteSource): Promise<NpyHeader> {
  const bad: Bad = (problem) => new FileError(source.name, `is no .npy file that can be read: ${problem}`);
  if (source.size < 10) throw bad(`it has ${source.size} bytes, fewer than its header`);
  const first = await source.read(0, Math.min(12, source.size));
  if (magic.some((byte, i) => first[i] !== byte)) throw bad("it does not begin with \\x93NUMPY");
  const version = first[6]!;
  if (version < 1 || version > 3 || first[7] !== 0)
    throw bad(`it has version ${version}.${first[7]} of the format; 1.0, 2.0 and 3.0 are known`);
  const prefix = version === 1 ? 10 : 12;
  if (source.size < prefix) throw bad(`it has ${source.size} bytes, fewer than its header`);
  const view = new DataView(first.buffer, first.byteOffset, first.length);
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const start = prefix + length;
  if (length > mostHeaderBytes || start > source.size)
    throw bad(
      `its header would have ${length} bytes, where the file has ${source.size} and at most ${mostHeaderBytes} are allowed`,
    );
  const decoder = new TextDecoder(version === 3 ? "utf-8" : "latin1");
  const literals = new Literals(decoder.decode(await source.read(prefix, length)), bad);
  let type: { format: ElementFormat; big: boolean } | null = null;
  let fortran: boolean | null = null;
  let shape: number[] | null = null;
  literals.dict((key) => {
    if (key === "descr") type = formatOf(literals.descr(), bad);
    else if (key === "fortran_order") fortran = literals.bool();
    else if (key === "shape") shape = literals.sizes();
    else throw bad(`its header has the unknown key ${JSON.stringify(key)}`);
  });
  if (type === null || fortran === null || shape === null)
    throw bad("its header lacks descr, fortran_order or shape");
  const { format, big } = type as { format: ElementFormat; big: boolean };
  const n = elementsOf(shape);
  if (n === null || n * format.bytes > source.size - start)
    throw bad(
      `its shape (${(shape as number[]).join(", ")}) needs more bytes than the ${source.size - start} that the file has: it is truncated, or its header lies`,
    );
  return { format, big, fortran, shape, start };
}
