// What is in a value, bit by bit, as lines of text under paths: the same as interop.py writes.

import { createHash } from "node:crypto";
import type { AnyTensor } from "flambeau";
import { isTensor, nn } from "flambeau";

/** Lines by path. */
export type Description = Readonly<Record<string, string>>;

const bitsOf = (data: ArrayBufferView): string => {
  const raw = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return raw.length <= 32 ? raw.toString("hex") : `sha256:${createHash("sha256").update(raw).digest("hex")}`;
};

const listed = (sizes: readonly number[]): string => `[${sizes.join(", ")}]`;

/** A number for each thing that is met, the same for the same. */
function numbers(): (x: object) => number {
  const known = new Map<object, number>();
  return (x) => {
    const number = known.get(x) ?? known.size;
    known.set(x, number);
    return number;
  };
}

const float = (x: number): string => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(x);
  return bytes.toString("hex");
};

/** Describes a value. Tensors that share memory name one storage, and the same tensor has one number. */
export function describe(value: unknown): Description {
  const lines: Record<string, string> = {};
  const objects = numbers();
  const storages = numbers();

  const tensor = (x: AnyTensor): string => {
    const kind = x instanceof nn.Parameter ? "parameter" : "tensor";
    const same = objects(x);
    const place =
      x.numel() === 0
        ? "empty"
        : `strides ${listed(x.strides)} offset ${x.storageOffset()} of storage ${storages(x.storage.data)}`;
    const grad = x.requiresGrad ? " requires grad" : "";
    return `${kind} ${same} ${x.dtype} ${listed(x.shape)} ${place}${grad} ${bitsOf(x.toTypedArray())}`;
  };
  const dict = (path: string, entries: readonly (readonly [shown: string, value: unknown])[]): string => {
    for (const [shown, item] of [...entries].sort(([a], [b]) => (a < b ? -1 : 1)))
      add(`${path}[${shown}]`, item);
    return `dict ${entries.length}`;
  };
  const lineOf = (path: string, x: unknown): string => {
    if (isTensor(x)) return tensor(x);
    if (x === null) return "None";
    if (typeof x === "boolean") return x ? "True" : "False";
    if (typeof x === "number") return `number ${float(x)}`;
    if (typeof x === "bigint") return `int ${x}`;
    if (typeof x === "string") return `text ${JSON.stringify(x)}`;
    if (x instanceof Uint8Array) return `bytes ${bitsOf(x)}`;
    if (Array.isArray(x)) {
      x.forEach((item, i) => {
        add(`${path}[${i}]`, item);
      });
      return `${Object.isFrozen(x) ? "tuple" : "list"} ${x.length}`;
    }
    if (x instanceof Set)
      return `${Object.isFrozen(x) ? "frozenset" : "set"} [${[...x]
        .map((v) => JSON.stringify(v))
        .sort()
        .join(", ")}]`;
    if (x instanceof Map)
      return dict(
        path,
        [...x].map(([k, v]) => [typeof k === "string" ? JSON.stringify(k) : String(k), v]),
      );
    const entries = Object.entries(x as object);
    // Objects whose keys are all whole numbers have ints as keys, unless their values are tensors.
    const ints = entries.length > 0 && entries.every(([k, v]) => /^\d+$/.test(k) && !isTensor(v));
    return dict(
      path,
      entries.map(([k, v]) => [ints ? k : JSON.stringify(k), v]),
    );
  };
  const add = (path: string, x: unknown): void => {
    lines[path || "value"] = lineOf(path, x);
  };
  add("", value);
  return lines;
}

/** Lines that differ, as messages. */
export function differences(ours: Description, theirs: Description): string[] {
  const paths = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
  return [...paths]
    .filter((path) => ours[path] !== theirs[path])
    .map((path) => `${path}: ${ours[path] ?? "nothing"}, expected ${theirs[path] ?? "nothing"}`);
}
