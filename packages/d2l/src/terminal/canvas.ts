// A canvas of braille dots, 2 x 4 to a cell, with one colour per cell.
// Source: Unicode block 2800..28FF; clipping after Liang and Barsky (1984).

/** Bits of the eight dots of a cell, by row and column. */
const DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;

/** A place in dots: x to the right, y downwards, from the top left. */
export interface Point {
  x: number;
  y: number;
}

/** Dots to draw on; what lies outside is cut off. */
export class BrailleCanvas {
  readonly #columns: number;
  readonly #rows: number;
  readonly #bits: Uint8Array;
  readonly #colors: string[];

  constructor(columns: number, rows: number) {
    this.#columns = columns;
    this.#rows = rows;
    this.#bits = new Uint8Array(columns * rows);
    this.#colors = new Array<string>(columns * rows).fill("");
  }

  /** Size in dots. */
  get size(): { width: number; height: number } {
    return { width: this.#columns * 2, height: this.#rows * 4 };
  }

  dot(x: number, y: number, color: string): void {
    const { width, height } = this.size;
    if (!(x >= 0 && y >= 0 && x < width && y < height)) return;
    const cell = (y >> 2) * this.#columns + (x >> 1);
    this.#bits[cell] = (this.#bits[cell] ?? 0) | (DOTS[y & 3]?.[x & 1] ?? 0);
    this.#colors[cell] = color;
  }

  /**
   * Draws connected points. The dash pattern (dots on, dots off, ...) runs on from segment to segment, as ink
   * from a pen does; it is empty for a solid line.
   */
  path(points: readonly Point[], dash: readonly number[], color: string): void {
    const period = dash.reduce((sum, length) => sum + length, 0);
    let travelled = 0;
    points.forEach((to, i) => {
      const from = points[i - 1];
      const cut = from ? this.#clip(from, to) : { from: to, to };
      if (cut) {
        const length = Math.hypot(cut.to.x - cut.from.x, cut.to.y - cut.from.y);
        const steps = Math.max(
          1,
          Math.ceil(Math.max(Math.abs(cut.to.x - cut.from.x), Math.abs(cut.to.y - cut.from.y))),
        );
        for (let step = 0; step <= steps; step++) {
          const t = step / steps;
          if (period > 0 && !inked(dash, (travelled + t * length) % period)) continue;
          const x = Math.round(cut.from.x + t * (cut.to.x - cut.from.x));
          this.dot(x, Math.round(cut.from.y + t * (cut.to.y - cut.from.y)), color);
        }
        travelled += length;
      }
    });
  }

  /** The part of a segment that lies on the canvas: a limit on an axis may put its ends very far away. */
  #clip(from: Point, to: Point): { from: Point; to: Point } | undefined {
    const { width, height } = this.size;
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    let [enter, leave] = [0, 1];
    for (const [delta, room] of [
      [-dx, from.x],
      [dx, width - 1 - from.x],
      [-dy, from.y],
      [dy, height - 1 - from.y],
    ] as const) {
      if (delta === 0 && room < 0) return undefined;
      if (delta < 0) enter = Math.max(enter, room / delta);
      if (delta > 0) leave = Math.min(leave, room / delta);
    }
    if (!(enter <= leave)) return undefined;
    const at = (t: number): Point => ({ x: from.x + t * dx, y: from.y + t * dy });
    return { from: at(enter), to: at(leave) };
  }

  /** One row of cells; `paint` colours a run of cells that share a colour. */
  row(index: number, paint: (text: string, color: string) => string): string {
    let line = "";
    let run = "";
    let runColor = "";
    for (let column = 0; column < this.#columns; column++) {
      const cell = index * this.#columns + column;
      const bits = this.#bits[cell] ?? 0;
      const color = bits === 0 ? "" : (this.#colors[cell] ?? "");
      if (color !== runColor) {
        line += paint(run, runColor);
        run = "";
        runColor = color;
      }
      run += bits === 0 ? " " : String.fromCharCode(0x2800 + bits);
    }
    return line + paint(run, runColor);
  }
}

function inked(dash: readonly number[], at: number): boolean {
  let end = 0;
  for (let i = 0; i < dash.length; i++) {
    end += dash[i] ?? 0;
    if (at < end) return i % 2 === 0;
  }
  return true;
}
