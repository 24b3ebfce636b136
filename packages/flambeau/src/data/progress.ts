// A line in the terminal that says how far a loop is, how fast it goes and how long it will take.
// Floor L5 (data).

/** Where the line goes; Node's `process.stderr` is one. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Options of {@link progress}. */
export interface ProgressOptions {
  /** What stands in front of the line. */
  readonly desc?: string;
  /** Number of rounds. Default: the `length` or `size` of what is gone through. */
  readonly total?: number;
  /** What a round is called. Default "it". */
  readonly unit?: string;
  /** Whether the line stays when the loop has ended. Default true. */
  readonly leave?: boolean;
  /** Default `process.stderr`, if that is a terminal; anything else gets nothing. */
  readonly stream?: ProgressStream | null;
  /** Current time in ms; default `performance.now`. */
  readonly now?: () => number;
}

/** How often the line is written anew, in ms. */
const pause = 100;

const sized = (x: object): number | undefined => {
  const { length, size } = x as { length?: unknown; size?: unknown };
  return typeof length === "number" ? length : typeof size === "number" ? size : undefined;
};

/** `1:05`, `2:03:00` */
function clock(seconds: number): string {
  const s = Math.round(seconds);
  const two = (n: number): string => String(n).padStart(2, "0");
  const [h, m] = [Math.floor(s / 3600), Math.floor(s / 60) % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
}

/** `12.3 it/s`, or `2.50 s/it` for slow ones */
function rateOf(perSecond: number, unit: string): string {
  if (!(perSecond > 0) || !Number.isFinite(perSecond)) return `? ${unit}/s`;
  return perSecond >= 1
    ? `${perSecond.toPrecision(3).replace(/e.*/, "")} ${unit}/s`
    : `${(1 / perSecond).toPrecision(3)} s/${unit}`;
}

/** The text of the line, at most `columns` characters. */
function lineOf(
  done: number,
  total: number | undefined,
  seconds: number,
  o: ProgressOptions,
  columns: number,
): string {
  const rate = seconds > 0 ? done / seconds : 0;
  const head = o.desc ? `${o.desc}: ` : "";
  const speed = rateOf(rate >= 1000 ? Math.round(rate) : rate, o.unit ?? "it");
  if (total === undefined) return `${head}${done} [${clock(seconds)}, ${speed}]`.slice(0, columns);
  const share = total > 0 ? Math.min(done / total, 1) : 1;
  const left = rate > 0 ? clock(Math.max(total - done, 0) / rate) : "?";
  const percent = `${String(Math.floor(100 * share)).padStart(3)}%`;
  const tail = ` ${done}/${total} [${clock(seconds)}<${left}, ${speed}]`;
  const room = Math.min(columns - head.length - percent.length - tail.length - 2, 40);
  const filled = Math.round(share * room);
  const bar = room >= 4 ? ` ${"━".repeat(filled)}${"─".repeat(room - filled)}` : "";
  return `${head}${percent}${bar}${tail}`.slice(0, columns);
}

/** The terminal that messages go to, or null. */
function terminal(): ProgressStream | null {
  const stream = (globalThis as { process?: { stderr?: ProgressStream } }).process?.stderr;
  return stream?.isTTY ? stream : null;
}

/**
 * Goes through `items` and shows rate and time left in the terminal; where there is none (piped, in a browser) it only goes
 * through them.
 *
 * @param items anything to iterate over, a DataLoader above all
 * @param options `desc`, `total`, `unit` "it", `leave` true
 * @example
 * for (const [x, y] of data.progress(loader, { desc: "epoch 1" })) step(x, y);
 * // epoch 1:  42% ━━━━━━━━────────── 42/100 [0:03<0:04, 13.9 it/s]
 */
export function* progress<T>(items: Iterable<T>, options: ProgressOptions = {}): IterableIterator<T> {
  const { leave = true, now = () => performance.now() } = options;
  const given = options.stream === undefined ? terminal() : options.stream;
  const stream = given?.isTTY ? given : null;
  if (!stream) {
    yield* items;
    return;
  }
  const total = options.total ?? sized(items);
  const start = now();
  let done = 0;
  let last = Number.NEGATIVE_INFINITY;
  const draw = (time: number): void => {
    last = time;
    // One column stays free: a full line would make some terminals start a new one.
    const text = lineOf(done, total, (time - start) / 1000, options, (stream.columns ?? 80) - 1);
    stream.write(`\r\u001b[K${text}`);
  };
  draw(start);
  try {
    for (const item of items) {
      yield item;
      done++;
      const time = now();
      if (time - last >= pause) draw(time);
    }
  } finally {
    if (leave) {
      draw(now());
      stream.write("\n");
    } else stream.write("\r\u001b[K");
  }
}
