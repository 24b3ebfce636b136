// The bytes that instructions are made of: numbers in LEB128, names, and arguments of instructions.
// Floor L2 (backend/wasm). Source: https://webassembly.github.io/spec/core/binary/values.html

export type ValueType = "i32" | "i64" | "f32" | "f64" | "v128";

/** Encoded instructions that leave at most one value on the stack. */
export type Code = readonly number[];

/** A parameter or a local variable. */
export interface Local {
  readonly index: number;
  readonly type: ValueType;
}

/** What instructions take: code, a local (its value), or a number (a constant of the type that is expected). */
export type Arg = Code | Local | number;

export const valueTypeByte: { readonly [T in ValueType]: number } = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
};

export function encodeUnsigned(n: number): number[] {
  const out: number[] = [];
  do {
    const byte = n % 128;
    n = Math.floor(n / 128);
    out.push(n > 0 ? byte | 0x80 : byte);
  } while (n > 0);
  return out;
}

export function encodeSigned(value: number | bigint): number[] {
  let n = BigInt(value);
  const out: number[] = [];
  for (;;) {
    const byte = Number(n & 0x7fn);
    n >>= 7n;
    const done = (n === 0n && (byte & 0x40) === 0) || (n === -1n && (byte & 0x40) !== 0);
    out.push(done ? byte : byte | 0x80);
    if (done) return out;
  }
}

/** Small constants are most of what there is: no bigint for them. */
const encodeI32 = (n: number): number[] => {
  if (n >= -64 && n < 64) return [n & 0x7f];
  return encodeSigned(n | 0);
};

export function encodeName(name: string): number[] {
  const bytes = [...new TextEncoder().encode(name)];
  return [...encodeUnsigned(bytes.length), ...bytes];
}

const scratch = new DataView(new ArrayBuffer(8));

export function encodeF32(x: number): number[] {
  scratch.setFloat32(0, x, true);
  return [0, 1, 2, 3].map((i) => scratch.getUint8(i));
}

export function encodeF64(x: number): number[] {
  scratch.setFloat64(0, x, true);
  return [0, 1, 2, 3, 4, 5, 6, 7].map((i) => scratch.getUint8(i));
}

/** The instruction that pushes a constant. A v128 has no number: splat one, or say `v128.const(…)`. */
export function constant(type: ValueType, value: number | bigint): Code {
  switch (type) {
    case "i32":
      return [0x41, ...encodeI32(Number(value))];
    case "i64":
      return [0x42, ...encodeSigned(BigInt.asIntN(64, BigInt(value)))];
    case "f32":
      return [0x43, ...encodeF32(Number(value))];
    case "f64":
      return [0x44, ...encodeF64(Number(value))];
    case "v128":
      throw new Error("wasm encoder: a v128 argument cannot be a number");
  }
}

/** Appends the code that pushes `arg`, which has the type `type`. */
export function put(out: number[], type: ValueType, arg: Arg): void {
  if (typeof arg === "number") {
    out.push(...constant(type, arg));
  } else if (isLocal(arg)) {
    if (arg.type !== type) throw new Error(`wasm encoder: expected ${type}, got a local of type ${arg.type}`);
    out.push(0x20, ...encodeUnsigned(arg.index));
  } else {
    for (let i = 0; i < arg.length; i++) out.push(arg[i]!);
  }
}

const isLocal = (arg: Code | Local): arg is Local => "index" in arg;

export type Op1 = (a: Arg) => Code;
export type Op2 = (a: Arg, b: Arg) => Code;
export type Op3 = (a: Arg, b: Arg, c: Arg) => Code;
/** `offset` (bytes) is added to the address without wrapping. */
export type Load = (address: Arg, offset?: number) => Code;
export type Store = (address: Arg, value: Arg, offset?: number) => Code;

/** An instruction with the given argument types and opcode bytes. */
export function op(
  types: readonly ValueType[],
  opcode: readonly number[],
): (...args: readonly Arg[]) => Code {
  return (...args) => {
    const out: number[] = [];
    for (let i = 0; i < types.length; i++) put(out, types[i]!, args[i]!);
    for (let i = 0; i < opcode.length; i++) out.push(opcode[i]!);
    return out;
  };
}

/** A load of 2^align bytes; the alignment is a hint, unaligned addresses work. */
export function load(opcode: readonly number[], align: number): Load {
  return (address, offset = 0) => {
    const out: number[] = [];
    put(out, "i32", address);
    out.push(...opcode, align, ...encodeUnsigned(offset));
    return out;
  };
}

export function store(type: ValueType, opcode: readonly number[], align: number): Store {
  return (address, value, offset = 0) => {
    const out: number[] = [];
    put(out, "i32", address);
    put(out, type, value);
    out.push(...opcode, align, ...encodeUnsigned(offset));
    return out;
  };
}

/** A table of instructions from a table of opcodes: each takes `types` after the prefix bytes `prefix`. */
export function table<T extends Readonly<Record<string, number>>, F>(
  opcodes: T,
  types: readonly ValueType[],
  encode: (n: number) => readonly number[] = (n) => [n],
): { readonly [K in keyof T]: F } {
  const out: Record<string, unknown> = {};
  for (const name in opcodes) out[name] = op(types, encode(opcodes[name]!));
  return out as { readonly [K in keyof T]: F };
}
