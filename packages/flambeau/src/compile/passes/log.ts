// What passes did, in words. Floor L4 (compile).

export interface LogEntry {
  readonly pass: string;
  readonly what: string;
}

/** Collects entries; passes add to it as they go. */
export class Log {
  readonly entries: LogEntry[] = [];

  add(pass: string, what: string): void {
    this.entries.push({ pass, what });
  }
}
