// Timer of the book (section 3.1 of its first edition, "Linear Regression").

/**
 * Measures several running times, in seconds. It starts at once.
 *
 * @example
 * const timer = new d2l.Timer();
 * // ... work ...
 * console.log(`${timer.stop().toFixed(3)} sec`);
 */
export class Timer {
  /** The measured times, in seconds, oldest first. */
  readonly times: number[] = [];
  #started = 0;

  constructor() {
    this.start();
  }

  /** Starts a measurement; one that runs is forgotten. */
  start(): void {
    this.#started = performance.now();
  }

  /** Ends the measurement, stores it, and returns it. */
  stop(): number {
    const seconds = (performance.now() - this.#started) / 1000;
    this.times.push(seconds);
    return seconds;
  }

  /** The mean time; NaN when nothing was measured. */
  avg(): number {
    return this.sum() / this.times.length;
  }

  /** The sum of the times. */
  sum(): number {
    return this.times.reduce((total, time) => total + time, 0);
  }

  /** The running sums of the times. */
  cumsum(): number[] {
    let total = 0;
    return this.times.map((time) => {
      total += time;
      return total;
    });
  }
}
