// Between a program that may print without end and a page that must not drown: lines go out at once as long as there are few,
// since a loop without end may follow; then in batches, a thousand at first, then a hundred a second; of the rest the newest are
// kept and the others counted.

export type Level = "log" | "info" | "debug" | "warn" | "error";

/** What one call of `console` printed. */
export interface Line {
  readonly level: Level;
  readonly text: string;
}

/** Lines that go out together. */
export interface Batch {
  readonly lines: readonly Line[];
  /** Lines left out before them. */
  readonly skipped: number;
}

const MS_PER_BATCH = 50;
/** Of a program that prints faster than it may. */
const MS_PER_FLOOD = 250;
const BURST = 1000;
/** While so many lines more may go out, none waits for others. */
const CALM = 500;
const PER_MS = 0.1;
/** However much was printed, so many lines of a batch are shown. */
const AT_LEAST = 20;
/** Characters of a line that count as one line. */
const LINE_WIDTH = 250;
const LONGEST = 20_000;

/** Collects lines and sends them, bounded. Sends while the program runs, even where it never pauses. */
export class Outlet {
  readonly #send: (batch: Batch) => void;
  readonly #now: () => number;
  #lines: Line[] = [];
  #cost = 0;
  #skipped = 0;
  #allowance = BURST;
  #sent: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(send: (batch: Batch) => void, now: () => number = () => performance.now()) {
    this.#send = send;
    this.#now = now;
    this.#sent = now();
  }

  write(level: Level, whole: string): void {
    const text = whole.length > LONGEST ? `${whole.slice(0, LONGEST)}… (${whole.length} characters)` : whole;
    this.#lines.push({ level, text });
    this.#cost += costOf(text);
    const most = Math.max(AT_LEAST, this.#allowance);
    while (this.#cost > most && this.#lines.length > 1) {
      this.#cost -= costOf(this.#lines.shift()?.text ?? "");
      this.#skipped++;
    }
    const pause = this.#skipped > 0 ? MS_PER_FLOOD : MS_PER_BATCH;
    if (this.#allowance > CALM || this.#now() - this.#sent >= pause) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), MS_PER_BATCH);
  }

  /** Sends what is there. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const now = this.#now();
    this.#allowance = Math.min(BURST, this.#allowance + (now - this.#sent) * PER_MS);
    this.#sent = now;
    if (this.#lines.length === 0) return;
    this.#send({ lines: this.#lines, skipped: this.#skipped });
    this.#allowance = Math.max(0, this.#allowance - this.#cost);
    this.#lines = [];
    this.#cost = 0;
    this.#skipped = 0;
  }
}

function costOf(text: string): number {
  return 1 + text.length / LINE_WIDTH;
}
