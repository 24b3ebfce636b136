// Ends a program that fills the memory while the page can still say so. Browsers end the whole page instead, and tell nobody
// how much is in use; so a sample of the buffers is watched, and what they weigh together is an estimate of all that live.
//
// Within one job (a loop that never pauses) no finalizer runs, and a weak reference that was made or looked at in the job
// counts as strong until its end. So witnesses are made beforehand: small objects, each behind a weak reference of its own. A watched
// buffer holds some of them, and each look at it uses up one.

interface Witness {
  /** Witnesses that took over when a new job began. */
  next?: readonly Witness[];
}

interface Watched {
  /** The first is for the next job, the others for one look each. */
  readonly refs: WeakRef<Witness>[];
  /** Bytes that the buffer stands for. */
  readonly weight: number;
}

const MIB = 2 ** 20;
const GIB = 2 ** 30;
/** As it is before {@link MemoryGuard.install}. */
const Plain = ArrayBuffer;
/** Looks at a buffer in one job; one that was there each time counts as alive until the job ends. */
const LOOKS = 6;
/** Bytes between looks. */
const BETWEEN_LOOKS = 256 * MIB;
/** One buffer is watched for so many bytes made, twice as many after each round of that many buffers. */
const FIRST_STEP = 2 * MIB;
const ROUND = 1024;
const ROUNDS = 8;

/**
 * Brings the browser to collect now: in a loop that never pauses it may let some gigabytes of garbage pile up. V8 collects at once
 * where buffers have grown by more than half of what its heap may have. Pages that nobody touches cost nothing.
 */
function collect(): void {
  for (let i = 0; i < 6; i++) {
    try {
      void new Plain(GIB);
    } catch {
      // No room for it: then it has collected in vain.
      return;
    }
  }
}

export class MemoryGuard {
  readonly #limit: number;
  readonly #later: (run: () => void) => void;
  #spare: { witness: Witness; ref: WeakRef<Witness> }[] = [];
  #watched: Watched[] = [];
  #step = FIRST_STEP;
  #taken = 0;
  #untilSample = 0;
  #untilLook = BETWEEN_LOOKS;
  #renewing = false;

  /**
   * @param limit bytes that may live at once
   * @param later runs a function in a job of its own, soon
   */
  constructor(limit: number, later: (run: () => void) => void) {
    this.#limit = limit;
    this.#later = later;
    this.#renew();
  }

  /** Counts the buffers that `new ArrayBuffer` makes from now on: those of tensors of some size. */
  install(scope: { ArrayBuffer: ArrayBufferConstructor }): void {
    scope.ArrayBuffer = new Proxy(scope.ArrayBuffer, {
      construct: (target, args: [number], newTarget) => {
        const buffer = Reflect.construct(target, args, newTarget) as ArrayBuffer;
        this.made(buffer, buffer.byteLength);
        return buffer;
      },
    });
  }

  /** @throws RangeError when what lives is over the limit */
  made(buffer: object, bytes: number): void {
    this.#untilSample -= bytes;
    if (this.#untilSample < 0) this.#watch(buffer, bytes);
    this.#untilLook -= bytes;
    if (this.#untilLook < 0) this.#look();
  }

  #watch(buffer: object, bytes: number): void {
    // Over its turn by some bytes, it stands for all since the last one.
    const weight = Math.max(bytes, this.#step);
    this.#untilSample = this.#step;
    if (this.#spare.length <= LOOKS) return;
    const own = this.#spare.splice(-LOOKS - 1);
    Object.defineProperty(buffer, WITNESSES, { value: own.map(({ witness }) => witness) });
    this.#watched.push({ refs: own.map(({ ref }) => ref), weight });
    if (++this.#taken % ROUND === 0) this.#step *= 2;
    if (this.#renewing) return;
    this.#renewing = true;
    this.#later(() => this.#renew());
  }

  #look(): void {
    this.#untilLook = BETWEEN_LOOKS;
    if (this.#alive() <= this.#limit) return;
    collect();
    const alive = this.#alive();
    if (alive <= this.#limit) return;
    const gib = (bytes: number): string => (bytes / 2 ** 30).toFixed(1);
    throw new RangeError(
      `out of memory: the program keeps about ${gib(alive)} GiB of tensors, and may keep ${gib(this.#limit)} GiB here`,
    );
  }

  /** Bytes that live, as far as a look at the watched buffers tells. */
  #alive(): number {
    this.#watched = this.#watched.filter(
      ({ refs }) => refs.length === 1 || refs.pop()?.deref() !== undefined,
    );
    return this.#watched.reduce((sum, { weight }) => sum + weight, 0);
  }

  /** A new job: all references can be looked at anew. */
  #renew(): void {
    this.#renewing = false;
    this.#taken = 0;
    this.#step = FIRST_STEP;
    while (this.#spare.length < ROUND * ROUNDS * (LOOKS + 1)) this.#spare.push(spare());
    this.#watched = this.#watched.flatMap(({ refs, weight }) => {
      const first = refs[0]?.deref();
      if (!first) return [];
      const own = Array.from({ length: LOOKS + 1 }, spare);
      first.next = own.map(({ witness }) => witness);
      return [{ refs: own.map(({ ref }) => ref), weight }];
    });
  }
}

const WITNESSES: unique symbol = Symbol("witnesses");

function spare(): { witness: Witness; ref: WeakRef<Witness> } {
  const witness: Witness = {};
  return { witness, ref: new WeakRef(witness) };
}

/** What a program may keep: a quarter of the machine's memory, and 2 GiB at most. */
export function memoryLimit(gibOfMachine = 8): number {
  return Math.min(2, gibOfMachine / 4) * 2 ** 30;
}
