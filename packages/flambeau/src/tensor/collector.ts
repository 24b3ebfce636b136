// Collections when we want them, of a kind that clears weak references in the middle of a job.
// Floor L3 (tensor). Node only; see docs/decisions/0004-memory.md.

/** Looked up by name, since browsers have none of it, and bundlers should not look for it. */
interface ProcessLike {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly platform?: string;
  getBuiltinModule?(name: string): unknown;
}

interface VmLike {
  runInNewContext?(code: string): unknown;
  createContext?(sandbox: object, options: object): object;
  Script?: new (code: string) => { runInContext(context: object): unknown };
}

type Gc = (options: { readonly type: "minor" | "major" }) => void;

export interface Collector {
  /** Whether the system counts addresses as memory only when they are touched: that of Windows counts all of them. */
  readonly addressesAreFree: boolean;
  /** Collects young objects, or all. Weak references to what is gone are empty afterwards. */
  collect(all: boolean): void;
}

export function findCollector(): Collector | null {
  const process = (globalThis as { process?: ProcessLike }).process;
  if (process?.env?.["FLAMBEAU_NO_EARLY_GC"] === "1" || !process?.getBuiltinModule) return null;
  const v8 = process.getBuiltinModule("node:v8") as { setFlagsFromString?(flags: string): void } | undefined;
  const vm = process.getBuiltinModule("node:vm") as VmLike | undefined;
  if (!v8?.setFlagsFromString || !vm?.runInNewContext || !vm.createContext || !vm.Script) return null;
  keepFreedMemory();
  const set = (flag: string): void => v8.setFlagsFromString?.(flag);
  collectAlone(set);
  keepNewArraysYoung(set);
  const gc = findGc(set, vm);
  if (gc === null) return null;
  // A reference that was made or looked at in a job counts as strong until the job ends. The end of a script in a context
  // with a queue of its own counts as one.
  const context = vm.createContext({}, { microtaskMode: "afterEvaluate" });
  const endOfJob = new vm.Script("Promise.resolve().then(() => undefined)");
  return {
    addressesAreFree: process.platform !== "win32",
    collect(all) {
      endOfJob.runInContext(context);
      gc({ type: all ? "major" : "minor" });
    },
  };
}

function findGc(set: (flag: string) => void, vm: VmLike): Gc | null {
  // There already if the program was started with --expose-gc; else it is shown to one context only.
  const shown = (globalThis as { gc?: Gc }).gc;
  if (shown) return shown;
  set("--expose-gc");
  const gc = vm.runInNewContext?.("typeof gc === 'function' ? gc : null");
  set("--no-expose-gc");
  return gc as Gc | null;
}

/**
 * Helper threads share a young collection, and free the arrays it found. There is too little to do for that: waking the
 * threads takes longer than the work where processors are free, and where they are not, all wait for them (5 to 20 ms).
 */
function collectAlone(set: (flag: string) => void): void {
  set("--no-parallel-scavenge");
  set("--no-concurrent-array-buffer-sweeping");
}

/**
 * Where many arrays outlive a collection or two, as activations and optimizer state do, V8 comes to make all arrays old from the start: no
 * young collection would find one again, and all objects would have to be collected after every few results.
 */
const keepNewArraysYoung = (set: (flag: string) => void): void => set("--no-allocation-site-pretenuring");

/**
 * The C library of Linux gives freed memory back to the system page by page, and takes it anew at a cost of ten times
 * a write, until a large block has once been freed: then it keeps up to twice as much. So one is made and freed untouched.
 */
function keepFreedMemory(): void {
  const block = new ArrayBuffer(2 ** 25 - 2 ** 16) as ArrayBuffer & { transfer?(bytes: number): unknown };
  block.transfer?.(0);
}
