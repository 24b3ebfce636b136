// What passes did, in words. Floor L4 (compile).

/** Collects lines; passes add to it as they go. */
export class Log {
  readonly lines: string[] = [];

  add(pass: string, what: string): void {
    this.lines.push(`${pass}: ${what}`);
  }
}
