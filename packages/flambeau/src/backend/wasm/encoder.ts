// Writes WebAssembly modules: a module builder and a function builder whose calls read like assembly with names.
// Instructions live in instructions.ts and simd.ts; this file has modules, functions, locals and control flow.
// Floor L2 (backend/wasm). Source: https://webassembly.github.io/spec/core/binary/

import type { Arg, Code, Local, ValueType } from "./code.ts";
import { encodeName, encodeUnsigned, put, valueTypeByte } from "./code.ts";

export type { Arg, Code, Local, ValueType } from "./code.ts";
export {
  atomic,
  call,
  f32,
  f64,
  globalGet,
  i32,
  i64,
  memoryGrow,
  memorySize,
  select,
  tee,
} from "./instructions.ts";
export { f32x4, f64x2, i8x16, i16x8, i32x4, i64x2, v128 } from "./simd.ts";

/** A function of the module, imported or defined. */
export interface Func {
  readonly index: number;
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

export interface Global {
  readonly index: number;
  readonly type: ValueType;
}

/** The target of a branch: the end of a block, the top of a loop. */
export interface Label {
  readonly depth: number;
}

type Params = Readonly<Record<string, ValueType>>;

/** Builds one function: declares locals, appends statements. Expressions are made by `i32.add(x, 1)` and the like. */
export class FunctionBuilder {
  readonly #localTypes: ValueType[] = [];
  readonly #paramCount: number;
  readonly #hoisted = new Map<string, Local>();
  readonly #prologue: number[] = [];
  #body: number[] = [];
  #depth = 0;

  constructor(paramCount: number) {
    this.#paramCount = paramCount;
  }

  /** A new local; zero when the function starts (not when a loop comes round again). */
  local(type: ValueType): Local {
    this.#localTypes.push(type);
    return { index: this.#paramCount + this.#localTypes.length - 1, type };
  }

  /** A new local that holds `value` from here on. */
  let(type: ValueType, value: Arg): Local {
    const x = this.local(type);
    this.set(x, value);
    return x;
  }

  /** A local set once at the start of the function, shared by everybody who asks for `key`. */
  hoist(key: string, type: ValueType, value: () => Code): Local {
    let x = this.#hoisted.get(key);
    if (!x) {
      x = this.local(type);
      this.#hoisted.set(key, x);
      put(this.#prologue, type, value());
      this.#prologue.push(0x21, ...encodeUnsigned(x.index));
    }
    return x;
  }

  set(x: Local, value: Arg): void {
    put(this.#body, x.type, value);
    this.#body.push(0x21, ...encodeUnsigned(x.index));
  }

  globalSet(g: Global, value: Arg): void {
    put(this.#body, g.type, value);
    this.#body.push(0x24, ...encodeUnsigned(g.index));
  }

  /** Appends an expression: a store, a call, or the value that a function or a typed block ends with. */
  do(code: Code): void {
    for (let i = 0; i < code.length; i++) this.#body.push(code[i]!);
  }

  drop(code: Code): void {
    this.do(code);
    this.#body.push(0x1a);
  }

  #scope(open: readonly number[], body: (label: Label) => void): void {
    this.#body.push(...open);
    this.#depth++;
    body({ depth: this.#depth });
  }

  #end(): void {
    this.#depth--;
    this.#body.push(0x0b);
  }

  /** Branching to the label leaves the block. */
  block(body: (leave: Label) => void): void {
    this.#scope([0x02, 0x40], body);
    this.#end();
  }

  /** Branching to the label starts the next round; falling off the end leaves the loop. */
  loop(body: (again: Label) => void): void {
    this.#scope([0x03, 0x40], body);
    this.#end();
  }

  if(condition: Arg, then: (leave: Label) => void, otherwise?: (leave: Label) => void): void {
    put(this.#body, "i32", condition);
    this.#scope([0x04, 0x40], then);
    if (otherwise) {
      this.#body.push(0x05);
      otherwise({ depth: this.#depth });
    }
    this.#end();
  }

  br(to: Label): void {
    this.#body.push(0x0c, ...encodeUnsigned(this.#depth - to.depth));
  }

  brIf(to: Label, condition: Arg): void {
    put(this.#body, "i32", condition);
    this.#body.push(0x0d, ...encodeUnsigned(this.#depth - to.depth));
  }

  return(...values: readonly Code[]): void {
    for (const v of values) this.do(v);
    this.#body.push(0x0f);
  }

  unreachable(): void {
    this.#body.push(0x00);
  }

  /** `memory.copy`: the regions may overlap. */
  memoryCopy(to: Arg, from: Arg, bytes: Arg): void {
    for (const a of [to, from, bytes]) put(this.#body, "i32", a);
    this.#body.push(0xfc, 10, 0, 0);
  }

  /** `memory.fill` with one byte. */
  memoryFill(at: Arg, byte: Arg, bytes: Arg): void {
    for (const a of [at, byte, bytes]) put(this.#body, "i32", a);
    this.#body.push(0xfc, 11, 0);
  }

  /** The function's entry in the code section, without its size. */
  finish(): number[] {
    const groups: [ValueType, number][] = [];
    for (const t of this.#localTypes) {
      const last = groups.at(-1);
      if (last?.[0] === t) last[1]++;
      else groups.push([t, 1]);
    }
    const out = encodeUnsigned(groups.length);
    for (const [t, n] of groups) out.push(...encodeUnsigned(n), valueTypeByte[t]);
    return concat([out, this.#prologue, this.#body, [0x0b]]);
  }
}

const concat = (parts: readonly (readonly number[])[]): number[] => {
  const out: number[] = [];
  for (const p of parts) for (let i = 0; i < p.length; i++) out.push(p[i]!);
  return out;
};

const vector = (items: readonly (readonly number[])[]): number[] =>
  concat([encodeUnsigned(items.length), ...items]);
const sized = (bytes: readonly number[]): number[] => concat([encodeUnsigned(bytes.length), bytes]);

/** Builds one module. Imports of functions come before the first function that is defined. */
export class ModuleBuilder {
  readonly #types: number[][] = [];
  readonly #typeIndex = new Map<string, number>();
  readonly #imports: number[][] = [];
  readonly #functionTypes: number[] = [];
  readonly #codes: number[][] = [];
  readonly #globals: number[][] = [];
  readonly #exports: number[][] = [];
  readonly #data: number[][] = [];
  readonly #names: number[][] = [];
  readonly #helpers = new Map<string, Func>();
  #importedFunctions = 0;

  #type(params: readonly ValueType[], results: readonly ValueType[]): number {
    const key = `${params.join()}>${results.join()}`;
    let index = this.#typeIndex.get(key);
    if (index === undefined) {
      index = this.#types.length;
      const list = (types: readonly ValueType[]): number[] => vector(types.map((t) => [valueTypeByte[t]]));
      this.#types.push([0x60, ...list(params), ...list(results)]);
      this.#typeIndex.set(key, index);
    }
    return index;
  }

  importFunction(
    module: string,
    name: string,
    params: readonly ValueType[],
    results: readonly ValueType[],
  ): Func {
    if (this.#functionTypes.length > 0) throw new Error("wasm encoder: import functions before defining any");
    const type = encodeUnsigned(this.#type(params, results));
    this.#imports.push([...encodeName(module), ...encodeName(name), 0x00, ...type]);
    return { index: this.#importedFunctions++, params, results };
  }

  /** A shared memory needs `maxPages`, the same as (or more than) that of the memory given at instantiation. */
  importMemory(
    module: string,
    name: string,
    limits: { minPages: number; maxPages?: number; shared?: boolean },
  ): void {
    const flags = (limits.maxPages === undefined ? 0 : 1) | (limits.shared ? 2 : 0);
    const max = limits.maxPages === undefined ? [] : encodeUnsigned(limits.maxPages);
    const min = encodeUnsigned(limits.minPages);
    this.#imports.push([...encodeName(module), ...encodeName(name), 0x02, flags, ...min, ...max]);
  }

  /** A global of the module's own with a constant start value. */
  global(type: ValueType, mutable: boolean, init: number): Global {
    const value: number[] = [];
    put(value, type, init);
    this.#globals.push([valueTypeByte[type], mutable ? 1 : 0, ...value, 0x0b]);
    return { index: this.#globals.length - 1, type };
  }

  /**
   * Defines a function: `m.func("axpy", { n: "i32", a: "f32" }, [], (f, { n, a }) => { … }, { export: true })`.
   * `body` appends statements to `f`; the value on the stack at the end is the result.
   */
  func<P extends Params>(
    name: string,
    params: P,
    results: readonly ValueType[],
    body: (f: FunctionBuilder, params: { readonly [K in keyof P]: Local }) => void,
    options: { export?: boolean } = {},
  ): Func {
    const types = Object.values(params);
    const index = this.#importedFunctions + this.#functionTypes.length;
    const slot = this.#functionTypes.push(this.#type(types, results)) - 1;
    this.#codes.push([]);
    const locals: Record<string, Local> = {};
    Object.keys(params).forEach((key, i) => {
      locals[key] = { index: i, type: types[i]! };
    });
    const f = new FunctionBuilder(types.length);
    body(f, locals as { readonly [K in keyof P]: Local });
    this.#codes[slot] = f.finish();
    this.#names.push([...encodeUnsigned(index), ...encodeName(name)]);
    if (options.export) this.#exports.push([...encodeName(name), 0x00, ...encodeUnsigned(index)]);
    return { index, params: types, results };
  }

  /** A function that several others use: `define` runs for the first of them. */
  helper(name: string, define: () => Func): Func {
    let f = this.#helpers.get(name);
    if (!f) this.#helpers.set(name, (f = define()));
    return f;
  }

  /** Bytes copied into the memory at `offset` when the module is instantiated. */
  data(offset: number, bytes: Uint8Array): void {
    const at: number[] = [];
    put(at, "i32", offset);
    this.#data.push([0x00, ...at, 0x0b, ...sized([...bytes])]);
  }

  finish(): Uint8Array<ArrayBuffer> {
    const out: number[] = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
    const section = (id: number, items: readonly (readonly number[])[]): void => {
      if (items.length === 0) return;
      const body = sized(vector(items));
      out.push(id);
      for (let i = 0; i < body.length; i++) out.push(body[i]!);
    };
    section(1, this.#types);
    section(2, this.#imports);
    section(3, this.#functionTypes.map(encodeUnsigned));
    section(6, this.#globals);
    section(7, this.#exports);
    section(10, this.#codes.map(sized));
    section(11, this.#data);
    // The name section: function names in profiles and stack traces.
    const names = concat([encodeName("name"), [1], sized(vector(this.#names))]);
    out.push(0, ...encodeUnsigned(names.length));
    for (let i = 0; i < names.length; i++) out.push(names[i]!);
    return new Uint8Array(out);
  }
}

/** Compiles and instantiates on the spot; the kernels are small, so this takes well under a millisecond. */
export function instantiate<E>(bytes: Uint8Array<ArrayBuffer>, imports: WebAssembly.Imports = {}): E {
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports as E;
}
