// Hands memory of results that nobody holds any more out again while the processor still has it in its caches.
// Floor L3 (tensor). Node only; see docs/decisions/0004-memory.md. FLAMBEAU_NO_EARLY_GC=1 leaves it off.

/** Looked up by name, since browsers have none of it, and bundlers should not look for it. */
interface ProcessLike {
  readonly env?: Readonly<Record<string, string | undefined>>;
  getBuiltinModule?(name: string): unknown;
}

type Collect = (options: { readonly type: "minor" }) => void;

/** Programs that make less than this are over before V8 would collect anything. */
const firstBytes = 48 * 2 ** 20;
/** Bytes of results between collections, at first and at most. */
const shortest = 6 * 2 ** 20;
const longest = 64 * 2 ** 20;

let left = firstBytes;
let interval = shortest;
/** undefined before it was looked for; null where there is none. */
let collect: Collect | null | undefined;
let last = 0;

/**
 * Counts memory that was handed out. After every few megabytes V8 is asked for a collection of young objects (0.1 ms);
 * left alone it waits for 64 MB of arrays, by which time the first of them is long out of the caches.
 */
export function spend(bytes: number): void {
  left -= bytes;
  if (left < 0) recycle();
}

function recycle(): void {
  collect ??= find();
  if (collect === null) {
    left = Number.POSITIVE_INFINITY;
    return;
  }
  const start = performance.now();
  collect({ type: "minor" });
  const end = performance.now();
  // Where much young memory is alive, collections take longer and free less: then they come less often.
  const dear = end - start > (start - last) / 4;
  interval = dear ? Math.min(longest, interval * 2) : Math.max(shortest, interval / 2);
  last = end;
  left = interval;
}

function find(): Collect | null {
  const process = (globalThis as { process?: ProcessLike }).process;
  if (process?.env?.["FLAMBEAU_NO_EARLY_GC"] === "1" || !process?.getBuiltinModule) return null;
  const v8 = process.getBuiltinModule("node:v8") as { setFlagsFromString?(flags: string): void } | undefined;
  const vm = process.getBuiltinModule("node:vm") as { runInNewContext?(code: string): unknown } | undefined;
  if (!v8?.setFlagsFromString || !vm?.runInNewContext) return null;
  keepFreedMemory();
  collectAlone((flag) => v8.setFlagsFromString?.(flag));
  // There already if the program was started with --expose-gc; else it is shown to one context only.
  const shown = (globalThis as { gc?: Collect }).gc;
  if (shown) return shown;
  v8.setFlagsFromString("--expose-gc");
  const gc = vm.runInNewContext("typeof gc === 'function' ? gc : null");
  v8.setFlagsFromString("--no-expose-gc");
  return gc as Collect | null;
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
 * The C library of Linux gives freed memory back to the system page by page, and takes it anew at a cost of ten times
 * a write, until a large block has once been freed: then it keeps up to twice as much. So one is made and freed untouched.
 */
function keepFreedMemory(): void {
  const block = new ArrayBuffer(2 ** 25 - 2 ** 16) as ArrayBuffer & { transfer?(bytes: number): unknown };
  block.transfer?.(0);
}
