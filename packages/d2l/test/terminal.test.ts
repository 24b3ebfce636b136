// Figures as text: by meaning (where the curve is, which ticks there are, how wide the lines are).

import { afterEach, describe, expect, it, vi } from "vitest";
import type { Figure } from "../src/index.ts";
import { Animator, plot } from "../src/index.ts";
import { stripColors } from "../src/terminal/render.ts";
import { cells, shorten } from "../src/terminal/text.ts";

const ESC = "\u001b";
const SGR = new RegExp(`${ESC}\\[\\d\\dm`, "g");
const INK = new RegExp(`${ESC}\\[[39][1-7]m`, "g");
const PLAIN = new RegExp(`${ESC}\\[39m`, "g");
const BRAILLE = /[\u2801-\u28ff]/;
const draw = (figure: Figure, columns = 60, rows = 16): string[] =>
  figure.toTerminal({ columns, rows, color: false }).split("\n");
/** The part of each line right of the y axis. */
const plotRows = (lines: string[]): string[] =>
  lines.filter((line) => /[│┤]/.test(line)).map((line) => line.replace(/^.*?[│┤]/, ""));

afterEach(() => vi.unstubAllEnvs());

describe("curves", () => {
  it("reach the corners of the axes", () => {
    const rows = plotRows(draw(plot([0, 1], [0, 1], { xlim: [0, 1], ylim: [0, 1] })));
    expect(rows[0]?.trimStart()).toMatch(/^[\u2801-\u28ff]{1,5}$/);
    expect(rows[0]?.length).toBe(60 - 3 - 2);
    expect(rows.at(-1)).toMatch(BRAILLE);
    expect(rows.at(-1)?.search(BRAILLE)).toBe(0);
  });

  it("stop at the limits and break at gaps", () => {
    const rows = plotRows(
      draw(plot([0, 1, 2, 3, 4, 5], [0, 0, Number.NaN, Number.NaN, 0, 1e300], { ylim: [-1, 1] })),
    );
    const middle = rows[Math.floor(rows.length / 2)] ?? "";
    expect(middle).toMatch(/^\s*[\u2801-\u28ff]+ {10,}[\u2801-\u28ff]+/);
    expect(
      rows
        .slice(Math.ceil(rows.length / 2) + 1)
        .join("")
        .trim(),
    ).toBe("");
  });

  it("leave out what a log axis cannot show", () => {
    const rows = plotRows(draw(plot([1, 0, -5, 100], null, { yscale: "log" })));
    expect(rows.join("").match(/[\u2801-\u28ff]/g)?.length).toBe(2);
  });

  it("show their dashes", () => {
    const line = (fmt: string): string =>
      plotRows(draw(plot([0, 0], null, { fmts: [fmt], ylim: [-1, 1] }))).find((row) => BRAILLE.test(row)) ??
      "";
    expect(line("-").trim()).not.toContain(" ");
    expect(line("--").trim().split(/ +/).length).toBeGreaterThan(5);
    expect(new Set(["-", "--", "-.", ":"].map(line)).size).toBe(4);
  });
});

describe("axes", () => {
  it("have powers of ten on a log axis, rising upwards", () => {
    const text = draw(plot([1e-4, 1e2], null, { yscale: "log" }), 60, 24).join("\n");
    expect(text).toContain("10⁻² ┤");
    expect(text.indexOf("10² ┤")).toBeGreaterThan(-1);
    expect(text.indexOf("10² ┤")).toBeLessThan(text.indexOf("10⁻² ┤"));
  });

  it("have plain numbers in a narrow log domain, and on linear axes", () => {
    expect(draw(plot([2, 5], null, { yscale: "log" })).join("\n")).toMatch(/5 ┤[\s\S]*2 ┤/);
    expect(draw(plot([0, 1], [0, 0.3])).join("\n")).toContain("0.2 ┤");
    expect(draw(plot([0, 1], [0, 3e7])).join("\n")).toContain("2e7 ┤");
    expect(draw(plot([0, 1], [0, 3e-7])).join("\n")).toContain("2e-7 ┤");
  });

  it("can run backwards", () => {
    const labels = draw(plot([0, 10], [0, 10], { xlim: [10, 0] }))
      .at(-1)
      ?.trim()
      .split(/ +/);
    expect(labels?.map(Number)).toEqual([...(labels ?? [])].map(Number).sort((a, b) => a - b));
    const rows = plotRows(draw(plot([0, 10], [0, 10], { ylim: [10, 0] })));
    expect(rows[1]?.search(BRAILLE)).toBeLessThan(rows.at(-2)?.search(BRAILLE) ?? 0);
  });

  it("carry title, labels and legend", () => {
    const [title, head, ...rest] = draw(
      plot(
        [
          [1, 2],
          [2, 1],
        ],
        null,
        { title: "T", xlabel: "epoch", ylabel: "loss", legend: ["train", "test"] },
      ),
    );
    expect(title?.trim()).toBe("T");
    expect(head).toMatch(/^loss .* train {2}.* test$/);
    expect(rest.at(-1)?.trim()).toBe("epoch");
  });
});

describe("room", () => {
  const figures = {
    lesson: plot(
      [
        [1e-4, 1e2],
        [1, 2],
      ],
      null,
      { yscale: "log", xlabel: "epoch", ylabel: "loss", legend: ["a", "b"] },
    ),
    chinese: plot(
      [
        [1, 2],
        [2, 1],
      ],
      null,
      {
        title: "训练曲线：高维线性回归与权重衰减",
        xlabel: "迭代周期迭代周期迭代周期迭代周期",
        ylabel: "损失",
        legend: ["训练集上的平均平方损失，每个迭代周期计算一次", "测试损失"],
      },
    ),
    huge: plot([-1e300, 1e-300, 1e300], null, { legend: ["x".repeat(500)], xlabel: "y".repeat(500) }),
    hostile: plot([1, 2], null, { legend: ["a\nb\u001b[2Jc\td"], ylabel: "e\r\nf" }),
    grid: panels(),
  };

  function panels(): Figure {
    const animator = new Animator({ nrows: 2, ncols: 2, legend: ["a", "b", "c", "d"], display: "none" });
    for (let i = 0; i < 5; i++) animator.add(i, [i, -i, i * i, 1]);
    return animator.figure();
  }

  it.each(Object.entries(figures))("%s is never wider than the terminal, at any size", (_, figure) => {
    for (let columns = 1; columns <= 200; columns++) {
      for (const rows of [undefined, 1, 9, 24]) {
        for (const line of figure.toTerminal({ columns, rows, color: false }).split("\n")) {
          expect(cells(line)).toBeLessThanOrEqual(columns);
          expect(line).toBe(line.trimEnd());
          expect(line).not.toMatch(/\p{Cc}/u);
        }
      }
    }
  });

  it("keeps to the number of rows", () => {
    for (const rows of [9, 10, 16, 40]) expect(draw(figures.lesson, 60, rows).length).toBe(rows);
  });

  it("draws from 30 columns on, and sums up below", () => {
    expect(figures.lesson.toTerminal({ columns: 30, color: false })).toMatch(BRAILLE);
    expect(figures.lesson.toTerminal({ columns: 29, color: false })).toBe("a: 100\nb: 2");
    expect(figures.chinese.toTerminal({ columns: 12, color: false })).toBe("训练集上…: 2\n测试损失: 1");
  });

  it("counts Chinese characters as two cells, marks as none", () => {
    expect([cells("损失 loss"), cells("ŷ"), cells("y\u0302"), cells("10⁻²"), cells("⠤─λ")]).toEqual([
      9, 1, 1, 4, 3,
    ]);
    expect(shorten("训练损失", 6)).toBe("训练…");
    expect(shorten("训练损失", 0)).toBe("");
  });

  it("puts panels side by side where there is room", () => {
    const wide = draw(figures.grid, 100, 30);
    expect(wide.filter((line) => (line.match(/└/g) ?? []).length === 2).length).toBe(2);
    expect(draw(figures.grid, 40, 60).filter((line) => line.includes("└")).length).toBe(4);
  });
});

describe("colour", () => {
  const figure = plot(
    [
      [1, 2],
      [2, 1],
      [3, 3],
    ],
    null,
    { legend: ["a", "b", "c"], fmts: ["b", "r--", "k"] },
  );

  it("differs from curve to curve, leaves black to the terminal, and changes nothing else", () => {
    const coloured = figure.toTerminal({ columns: 60, color: true });
    expect(coloured).toContain("\u001b[94m");
    expect(coloured).toContain("\u001b[31m");
    expect(stripColors(coloured)).toBe(figure.toTerminal({ columns: 60, color: false }));
    expect((coloured.match(SGR) ?? []).length).toBe(2 * (coloured.match(PLAIN) ?? []).length);
  });

  it("gives curves of one hue different inks", () => {
    const two = plot(
      [
        [1, 2],
        [2, 1],
      ],
      null,
      { fmts: ["C3", "r"], legend: ["a", "b"] },
    );
    const codes = new Set(two.toTerminal({ columns: 60, color: true }).match(INK));
    expect(codes).toEqual(new Set(["\u001b[31m", "\u001b[91m"]));
  });

  it("follows NO_COLOR and FORCE_COLOR", () => {
    vi.stubEnv("FORCE_COLOR", "1");
    vi.stubEnv("NO_COLOR", "");
    expect(figure.toTerminal({ columns: 60 })).toContain("\u001b[31m");
    vi.stubEnv("NO_COLOR", "1");
    expect(figure.toTerminal({ columns: 60 })).not.toContain("\u001b");
  });
});
