// The random number generator: PyTorch's CPU generator, a 32-bit Mersenne twister with its cached normals.
// Floor L0 (base). Source: M. Matsumoto, T. Nishimura, "Mersenne Twister" (1998), https://doi.org/10.1145/272991.272995;
// the layout of the state follows torch.get_rng_state() of PyTorch 1.13.

import { RuntimeError } from "./errors.ts";

const N = 624;
const M = 397;
const MATRIX_A = 0x9908b0df | 0;
const UPPER = 0x80000000 | 0;
const LOWER = 0x7fffffff;
/** Words made at first after seeding. */
const FEW = 64;

/** `default_rng_seed_val` of PyTorch: the seed of a new generator. */
export const DEFAULT_SEED = 67280421310721;

// Offsets in bytes of torch.get_rng_state(). The words of the twister are stored as 64-bit integers, and
// normal_x and normal_rho are leftovers that current versions write as 0.
const AT_SEED = 0;
const AT_LEFT = 8;
const AT_SEEDED = 12;
const AT_NEXT = 16;
const AT_WORDS = 24;
const AT_NORMAL_X = AT_WORDS + 8 * N;
const AT_NORMAL_Y = AT_NORMAL_X + 8;
const AT_NORMAL_RHO = AT_NORMAL_X + 16;
const AT_NORMAL_VALID = AT_NORMAL_X + 24;
const LEGACY_BYTES = AT_NORMAL_X + 32;
const AT_FLOAT_NORMAL = LEGACY_BYTES;
const AT_FLOAT_NORMAL_VALID = LEGACY_BYTES + 4;
const STATE_BYTES = LEGACY_BYTES + 8;

/** A seed as PyTorch takes it: an integer in [-2^63, 2^64), negative ones modulo 2^64. */
function toSeed(seed: number | bigint): bigint {
  if (typeof seed === "number" && !Number.isInteger(seed)) {
    throw new RuntimeError(
      `manual_seed expected a long, but got ${Number.isFinite(seed) ? "float" : String(seed)}`,
    );
  }
  const value = BigInt(seed);
  if (value < -(2n ** 63n) || value >= 2n ** 64n) throw new RuntimeError("Overflow when unpacking long");
  return BigInt.asUintN(64, value);
}

/** The two halves of a 64-bit draw, each in [0, 2^32). */
export interface Word64 {
  hi: number;
  lo: number;
}

/** @internal A state that was remembered cheaply; {@link Generator.stateOf} gives its bytes. */
export interface GeneratorMark {
  readonly words: Int32Array;
  readonly next: number;
  readonly end: number;
  readonly blockEnd: number;
  readonly seed: bigint;
  readonly normals: readonly [float: number | null, double: number | null];
}

/**
 * `torch.Generator`: the same seed gives the same stream as PyTorch's CPU generator.
 *
 * Differs from PyTorch: always on the CPU, so the constructor takes no device.
 * @see https://pytorch.org/docs/stable/generated/torch.Generator.html
 */
export class Generator {
  /** The cached second sample of a pair in single precision. Only states carry it; no CPU sampler uses it. */
  nextFloatNormal: number | null = null;
  /** The second sample of the last Box-Muller pair, which the next scalar normal returns. */
  nextDoubleNormal: number | null = null;

  readonly #words = new Int32Array(N);
  // The tempered words, made for a whole block at a time: a draw is then a load and an increment.
  readonly #block = new Int32Array(N);
  readonly #word64: Word64 = { hi: 0, lo: 0 };
  #next = 0;
  // Where the words made so far end.
  #end = 0;
  // Where the block ends: PyTorch's `left` is #blockEnd - #next + 1. A fresh seed has an empty block.
  #blockEnd = 0;
  #seed = 0n;

  constructor() {
    this.#start(BigInt(DEFAULT_SEED));
  }

  /**
   * `Generator.manual_seed`: starts the stream of `seed` and forgets cached normals.
   *
   * @param seed integer in [-2^63, 2^64); the twister itself sees its low 32 bits only.
   * @throws RuntimeError if `seed` is not such an integer.
   */
  manualSeed(seed: number | bigint): this {
    const value = toSeed(seed);
    if (seedGuard === null) this.#start(value);
    else seedGuard(() => this.#start(value));
    return this;
  }

  #start(seed: bigint): void {
    this.#seed = seed;
    const words = this.#words;
    let word = Number(this.#seed & 0xffffffffn) | 0;
    words[0] = word;
    for (let j = 1; j < N; j++) {
      word = (Math.imul(1812433253, word ^ (word >>> 30)) + j) | 0;
      words[j] = word;
    }
    this.#next = 0;
    this.#end = 0;
    this.#blockEnd = 0;
    this.nextFloatNormal = null;
    this.nextDoubleNormal = null;
  }

  /** `Generator.initial_seed`: the seed modulo 2^64, as a bigint only where a number would not be exact. */
  initialSeed(): number | bigint {
    return this.#seed <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(this.#seed) : this.#seed;
  }

  /**
   * `Generator.seed`: seeds from the system's entropy and returns the seed.
   *
   * Differs from PyTorch: 53 bits instead of 64, so that the seed is a number.
   */
  seed(): number {
    const [hi = 0, lo = 0] = crypto.getRandomValues(new Uint32Array(2));
    const seed = (hi & 0x1fffff) * 2 ** 32 + lo;
    this.manualSeed(seed);
    return seed;
  }

  /** The next 32 bits, in [0, 2^32). */
  random32(): number {
    if (drawGuard !== null) drawGuard();
    if (this.#next === this.#end) this.#refill();
    return (this.#block[this.#next++] as number) >>> 0;
  }

  /**
   * Between one and `count` draws at once, for loops that have many to make: signed 32-bit words, to be read
   * before the generator is used again. Ask again for the rest. `count` must be positive.
   */
  take(count: number): Int32Array {
    if (drawGuard !== null) drawGuard();
    if (this.#next === this.#end) this.#refill();
    const start = this.#next;
    this.#next = Math.min(start + count, this.#end);
    return this.#block.subarray(start, this.#next);
  }

  /** The next 64 bits: two draws, the high half first. The object returned is reused by the next call. */
  random64(): Readonly<Word64> {
    const word = this.#word64;
    word.hi = this.random32();
    word.lo = this.random32();
    return word;
  }

  /** Uniform in [0, 1) with 24 bits: k / 2^24 from one draw, a float32. */
  uniform24(): number {
    return (this.random32() & 0xffffff) * 2 ** -24;
  }

  /** Uniform in [0, 1) with 53 bits: k / 2^53 from two draws. */
  uniform53(): number {
    const hi = this.random32() & 0x1fffff;
    return (hi * 2 ** 32 + this.random32()) * 2 ** -53;
  }

  /** `Generator.get_state`: 5056 bytes, the same as PyTorch's. */
  getState(): Uint8Array {
    // PyTorch makes whole blocks.
    if (this.#end < this.#blockEnd) this.#make(this.#end, N);
    const bytes = new Uint8Array(STATE_BYTES);
    const view = new DataView(bytes.buffer);
    view.setBigUint64(AT_SEED, this.#seed, true);
    view.setInt32(AT_LEFT, this.#blockEnd - this.#next + 1, true);
    view.setInt32(AT_SEEDED, 1, true);
    view.setUint32(AT_NEXT, this.#next, true);
    for (let j = 0; j < N; j++) view.setInt32(AT_WORDS + 8 * j, this.#words[j] as number, true);
    if (this.nextDoubleNormal !== null) {
      view.setFloat64(AT_NORMAL_Y, this.nextDoubleNormal, true);
      view.setInt32(AT_NORMAL_VALID, 1, true);
    }
    if (this.nextFloatNormal !== null) {
      view.setFloat32(AT_FLOAT_NORMAL, this.nextFloatNormal, true);
      view.setUint8(AT_FLOAT_NORMAL_VALID, 1);
    }
    return bytes;
  }

  /**
   * `Generator.set_state`: continues from a state of `getState()` or of PyTorch, also from the 5048 bytes of
   * PyTorch before 1.3.
   *
   * @throws RuntimeError if `state` has another length or is not a state of the twister; nothing changes then.
   */
  setState(state: Uint8Array): this {
    if (!(state instanceof Uint8Array)) throw new RuntimeError("RNG state must be a torch.ByteTensor");
    if (state.length !== STATE_BYTES && state.length !== LEGACY_BYTES) {
      throw new RuntimeError(
        `Expected either a CPUGeneratorImplStateLegacy of size ${LEGACY_BYTES} or a CPUGeneratorImplState of size ` +
          `${STATE_BYTES} but found the input RNG state size to be ${state.length}`,
      );
    }
    const view = new DataView(state.buffer, state.byteOffset, state.length);
    const left = view.getInt32(AT_LEFT, true);
    const next = view.getUint32(AT_NEXT, true);
    // PyTorch checks left and next one by one; together they can still run past the block, which it does not see.
    const valid = view.getInt32(AT_SEEDED, true) !== 0 && left > 0 && left <= N && next + left - 1 <= N;
    if (!valid) throw new RuntimeError("Invalid mt19937 state");
    this.#seed = view.getBigUint64(AT_SEED, true);
    for (let j = 0; j < N; j++) this.#words[j] = view.getInt32(AT_WORDS + 8 * j, true);
    for (let j = 0; j < N; j++) this.#block[j] = temper(this.#words[j] as number);
    this.#next = next;
    this.#end = next + left - 1;
    this.#blockEnd = this.#end;
    this.nextFloatNormal = null;
    this.nextDoubleNormal = null;
    const hasDouble = view.getInt32(AT_NORMAL_VALID, true) !== 0;
    if (state.length === STATE_BYTES) {
      if (hasDouble) this.nextDoubleNormal = view.getFloat64(AT_NORMAL_Y, true);
      if (view.getUint8(AT_FLOAT_NORMAL_VALID)) this.nextFloatNormal = view.getFloat32(AT_FLOAT_NORMAL, true);
    } else if (hasDouble) {
      // The old format keeps the pair in polar form instead of its second sample.
      const theta = 2 * Math.PI * view.getFloat64(AT_NORMAL_X, true);
      this.nextDoubleNormal = view.getFloat64(AT_NORMAL_RHO, true) * Math.sin(theta);
    }
    return this;
  }

  /** @internal Remembers the state, in a tenth of the time that {@link getState} takes. */
  mark(): GeneratorMark {
    return {
      words: this.#words.slice(),
      next: this.#next,
      end: this.#end,
      blockEnd: this.#blockEnd,
      seed: this.#seed,
      normals: [this.nextFloatNormal, this.nextDoubleNormal],
    };
  }

  /** @internal What {@link getState} gave when the mark was made. */
  static stateOf(mark: GeneratorMark): Uint8Array {
    const g = new Generator();
    g.#words.set(mark.words);
    for (let j = 0; j < mark.end; j++) g.#block[j] = temper(mark.words[j] as number);
    [g.#next, g.#end, g.#blockEnd, g.#seed] = [mark.next, mark.end, mark.blockEnd, mark.seed];
    [g.nextFloatNormal, g.nextDoubleNormal] = mark.normals;
    return g.getState();
  }

  /** Makes words: a new block once the last one is used up, or what is missing of this one. */
  #refill(): void {
    if (this.#end === this.#blockEnd) {
      // A generator that was seeded for a few numbers, as those of samplers are, makes a few.
      const few = this.#blockEnd === 0;
      this.#next = 0;
      this.#blockEnd = N;
      this.#make(0, few ? FEW : N);
    } else this.#make(this.#end, N);
  }

  /** Words from..to-1 of a block, in place: x[k + N] = x[k + M] ^ twist(upper bit of x[k], lower bits of x[k + 1]). */
  #make(from: number, to: number): void {
    const x = this.#words;
    const out = this.#block;
    let u = x[from] as number;
    for (let k = from; k < to; k++) {
      // The last word looks at the first one of the new block, not of the old.
      const v = x[k + 1 < N ? k + 1 : 0] as number;
      const word =
        (x[k < N - M ? k + M : k + M - N] as number) ^
        (((u & UPPER) | (v & LOWER)) >>> 1) ^
        (-(v & 1) & MATRIX_A);
      x[k] = word;
      out[k] = temper(word);
      u = v;
    }
    this.#end = to;
  }
}

/** Called before every draw of any generator; torch.compile refuses draws that it would not see. */
let drawGuard: (() => void) | null = null;
export function guardDraws(guard: (() => void) | null): void {
  drawGuard = guard;
}

/** Takes over when a generator is seeded: torch.compile does it in every run. */
let seedGuard: ((start: () => void) => void) | null = null;
export function guardSeeds(guard: ((start: () => void) => void) | null): void {
  seedGuard = guard;
}

/** Tells the guard that a number is about to be used which was drawn before. */
export function tellDrawGuard(): void {
  if (drawGuard !== null) drawGuard();
}

function temper(word: number): number {
  let y = word;
  y ^= y >>> 11;
  y ^= (y << 7) & 0x9d2c5680;
  y ^= (y << 15) & 0xefc60000;
  return y ^ (y >>> 18);
}

/**
 * `torch.default_generator`: what every sampler uses when no generator is given.
 *
 * Differs from PyTorch: it starts at the fixed default seed of a `Generator`, not at a random one.
 */
export const defaultGenerator: Generator = new Generator();
