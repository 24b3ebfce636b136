// Arrays that stand for buffers while a function is captured. What JavaScript writes into a new one is kept, so that tensors of
// known contents (literals, ranges, zeros) can be made as ever; elements that steps compute are not there to be looked at.
// Floor L3 (tensor).

import type { DType, TypedArray } from "../../base/dtype.ts";
import { dtypes } from "../../base/dtype.ts";
import { HostAccess } from "../capturing.ts";
import type { Storage } from "../storage.ts";

/** Who made the elements: nobody yet, JavaScript during the capture, or steps (also: they were there before). */
type Maker = "nobody" | "host" | "steps";

/** Methods that change an array. */
const changing: ReadonlySet<string> = new Set(["fill", "set", "copyWithin", "reverse", "sort"]);

export class CapturedArray {
  /** Of bytes that were there before: uint8 until a step says that they are bool. */
  dtype: DType;
  readonly length: number;
  /** What tensors hold. */
  readonly proxy: TypedArray;
  maker: Maker;
  /** The elements, where JavaScript made them. */
  contents: TypedArray | null;
  /** Of elements that were there before: where they are. */
  readonly storage: Storage | null;
  /** Index among the program's buffers; -1 before a step needs one. */
  buffer = -1;
  /** Whether a step has read what JavaScript made: then it must not change any more. */
  frozen = false;

  constructor(
    dtype: DType,
    length: number,
    maker: Maker,
    contents: TypedArray | null,
    storage: Storage | null,
  ) {
    this.dtype = dtype;
    this.length = length;
    this.maker = maker;
    this.contents = contents;
    this.storage = storage;
    this.proxy = proxyOf(this);
    owners.set(this.proxy, this);
  }

  /** The elements for JavaScript to read. @throws HostAccess where steps compute them. */
  read(): TypedArray {
    if (this.maker === "steps") throw new HostAccess("elements were read");
    if (this.contents === null) {
      this.contents = new dtypes[this.dtype].array(this.length);
      this.maker = "host";
    }
    return this.contents;
  }

  /** The number that all elements are; null if they differ, or if code cannot hold it. */
  uniform(): number | null {
    const data = this.read();
    const [first] = data;
    if (first === undefined) return null;
    for (const v of data) if (!Object.is(v, first)) return null;
    return typeof first === "number" || BigInt.asIntN(32, first) === first ? Number(first) : null;
  }

  write(): TypedArray {
    if (this.frozen) throw new HostAccess("elements were written");
    return this.read();
  }
}

const owners = new WeakMap<object, CapturedArray>();

/** What an array stands for; null for an ordinary one. */
export const ownerOf = (data: object): CapturedArray | null => owners.get(data) ?? null;

const isIndex = (key: string): boolean => key.charCodeAt(0) < 58 && key.charCodeAt(0) > 47;

function proxyOf(owner: CapturedArray): TypedArray {
  const { array, bytes } = dtypes[owner.dtype];
  const get = (target: TypedArray, key: string | symbol): unknown => {
    if (typeof key === "string" && isIndex(key)) return owner.read()[Number(key)];
    if (key === "length") return owner.length;
    if (key === "byteLength") return owner.length * bytes;
    if (key === "constructor" || key === "BYTES_PER_ELEMENT") return target[key];
    // Typed arrays cut from one buffer are told apart by where they begin: these have a buffer each.
    if (key === "byteOffset") return 0;
    const real = typeof key === "string" && changing.has(key) ? owner.write() : owner.read();
    const value = Reflect.get(real, key, real) as unknown;
    return typeof value === "function" ? (value as () => unknown).bind(real) : value;
  };
  return new Proxy<TypedArray>(new array(0), {
    get,
    set(_, key, value) {
      owner.write()[Number(key)] = value as number;
      return true;
    },
  });
}
