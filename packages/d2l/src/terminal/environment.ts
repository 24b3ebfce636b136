// What the surroundings offer: a terminal's size and colours in Node, Deno and Bun; nothing in a page.
// Read through globalThis, so that a browser loads this file too.

/** The part of a text stream that drawing needs; Node's `process.stdout` is one. */
export interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  /** Counts what anyone wrote, so that a drawing notices other output after it. */
  readonly bytesWritten?: number | undefined;
}

interface Process {
  readonly stdout?: TextStream;
  readonly env?: Readonly<Record<string, string | undefined>>;
  on?(event: "exit", listener: () => void): unknown;
}

export function hostProcess(): Process | undefined {
  return (globalThis as { process?: Process }).process;
}

/** Whether a stream is a terminal on which the cursor can be moved. */
export function canRedraw(stream: TextStream): boolean {
  return stream.isTTY === true && hostProcess()?.env?.["TERM"] !== "dumb";
}

/** Whether to write colours to a stream: it is a terminal and `NO_COLOR` is not set. */
export function wantsColor(stream: TextStream | undefined): boolean {
  const env = hostProcess()?.env ?? {};
  if (env["NO_COLOR"]) return false;
  if (env["FORCE_COLOR"]) return env["FORCE_COLOR"] !== "0";
  return stream?.isTTY === true && env["TERM"] !== "dumb";
}

/** Size and colours of the standard output. */
export function environment(): { columns: number; rows: number; color: boolean } {
  const stdout = hostProcess()?.stdout;
  return { columns: stdout?.columns || 80, rows: stdout?.rows || 24, color: wantsColor(stdout) };
}
