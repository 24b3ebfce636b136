// Counts the timers of a program: as in Node, a program is over when its modules have run and no timer is left.

interface Timers {
  setTimeout(run: unknown, ms?: number, ...args: unknown[]): number;
  setInterval(run: unknown, ms?: number, ...args: unknown[]): number;
  clearTimeout(id?: number): void;
  clearInterval(id?: number): void;
}

/** Watches the timers that are set from now on. */
export class TimerCount {
  readonly #pending = new Set<number>();
  #waiting: (() => void)[] = [];
  readonly #own: Timers;

  constructor(scope: Timers) {
    this.#own = {
      setTimeout: scope.setTimeout.bind(scope),
      setInterval: scope.setInterval.bind(scope),
      clearTimeout: scope.clearTimeout.bind(scope),
      clearInterval: scope.clearInterval.bind(scope),
    };
    const clear = (id?: number): void => {
      this.#own.clearTimeout(id);
      if (id !== undefined) this.#end(id);
    };
    Object.assign(scope, {
      setTimeout: (run: unknown, ms?: number, ...args: unknown[]): number => {
        const id = this.#own.setTimeout(() => {
          // It counts until what it does is done: that may set the next timer.
          try {
            if (typeof run === "function") run(...args);
          } finally {
            this.#end(id);
          }
        }, ms);
        this.#pending.add(id);
        return id;
      },
      setInterval: (run: unknown, ms?: number, ...args: unknown[]): number => {
        const id = this.#own.setInterval(run, ms, ...args);
        this.#pending.add(id);
        return id;
      },
      clearTimeout: clear,
      clearInterval: clear,
    });
  }

  /** Resolves when no timer is left. */
  async idle(): Promise<void> {
    // What a timer settled goes on first: it may set another.
    do {
      if (this.#pending.size > 0) await new Promise<void>((done) => this.#waiting.push(done));
      await new Promise((done) => this.#own.setTimeout(done, 0));
    } while (this.#pending.size > 0);
  }

  #end(id: number): void {
    this.#pending.delete(id);
    if (this.#pending.size > 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const done of waiting) done();
  }
}
