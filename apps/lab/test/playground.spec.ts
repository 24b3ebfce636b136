// The playground: programs that end well and badly, links, files, and the editor that knows the framework's types.

import AxeBuilder from "@axe-core/playwright";
import type { Locator, Page } from "@playwright/test";
import { encode } from "../src/playground/share.ts";
import { plainEditor } from "./editors.ts";
import { expect, test as labTest } from "./lab.ts";
import { plainSite } from "./site.ts";

interface Fixtures {
  /** Opens the playground with a program, in the plain editor, and runs it. */
  run: (program: string | Record<string, string>) => Promise<void>;
}

const test = labTest.extend<Fixtures>({
  run: async ({ page, open }, use) => {
    await use(async (program) => {
      await plainEditor(page);
      await open(await linkOf(program));
      await expect(page.getByText("This code came with a link")).toBeVisible();
      await page.getByRole("button", { name: "Run" }).click();
    });
  },
});

const linkOf = async (program: string | Record<string, string>): Promise<string> =>
  `#/playground/${await encode(typeof program === "string" ? { "main.ts": program } : program)}`;
const status = (page: Page): Locator => page.locator(".toolbar [role=status]");
const log = (page: Page): Locator => page.getByRole("log");
/** Monaco has alerts of its own. */
const failure = (page: Page): Locator => page.locator(".failure[role=alert]");

test("runs TypeScript in several files, prints as Node does, and waits for timers", async ({ page, run }) => {
  await run({
    "main.ts": [
      'import * as torch from "flambeau";',
      'import { twice } from "./lib/twice.ts";',
      'import data from "./data.json";',
      "interface Shown { readonly a: number }",
      "const shown: Shown = { a: twice(data[1] as number) };",
      "torch.manualSeed(42);",
      "console.log(shown, torch.randn(2));",
      "await Promise.resolve();",
      'setTimeout(() => console.log("late"), 20);',
    ].join("\n"),
    "lib/twice.ts": "export const twice = (x: number): number => 2 * x;\n",
    "data.json": "[1, 21]",
  });
  await expect(status(page)).toContainText("Finished");
  await expect(log(page).locator("pre")).toHaveText(["{ a: 42 } tensor([0.3367, 0.1288])", "late"]);
});

test("shows plots, live ones too, in the colours of the page", async ({ page, run }) => {
  await run(`import * as d2l from "@flambeau/d2l";
d2l.plot([1, 2, 3], [1, 4, 9], { xlabel: "x", ylabel: "x²" });
const animator = new d2l.Animator({ xlim: [1, 100], legend: ["loss"] });
for (let step = 1; step <= 100; step++) animator.add(step, 1 / step);`);
  const plots = page.getByRole("region", { name: "Plots" }).getByRole("img");
  await expect(plots).toHaveCount(2);
  await expect(plots.nth(1)).toHaveAccessibleName("Plot 2: loss: 0.01 (100)");
  const source = async (): Promise<string> =>
    decodeURIComponent((await plots.nth(0).getAttribute("src")) ?? "");
  await expect.poll(source).toContain("x²");
  expect(await source()).toContain("#ffffff");
  await page.emulateMedia({ colorScheme: "dark" });
  await expect.poll(source).toContain("#0d1117");
});

test("trains a compiled network: the example of the list", async ({ page, open }) => {
  await plainEditor(page);
  await open("#/playground");
  await page.getByLabel("Examples").selectOption({ label: "Train a network, compiled" });
  await page.getByRole("button", { name: "Run" }).click();
  await expect(log(page)).toContainText("points are on the right arm");
  const [, right] = /(\d+) of 400 points/.exec((await log(page).textContent()) ?? "") ?? [];
  expect(Number(right)).toBeGreaterThan(390);
});

for (const example of ["Tensors and gradients", "What compile() makes of it", "Plots, and several files"])
  test(`the example “${example}” runs`, async ({ page, open }) => {
    await plainEditor(page);
    await open("#/playground");
    await page.getByLabel("Examples").selectOption({ label: example });
    await page.getByRole("button", { name: "Run" }).click();
    await expect(status(page)).toContainText("Finished");
    await expect(failure(page)).toHaveCount(0);
  });

test("stops an endless loop at once, and the next program runs", async ({ page, run }) => {
  await run('console.log("before");\nfor (;;);\n');
  await expect(log(page)).toContainText("before");
  await expect(status(page)).toContainText("Running");
  await page.getByRole("button", { name: "Stop" }).click();
  await expect(status(page)).toContainText("Stopped");
  await page.getByRole("textbox").fill("console.log(6 * 7);");
  await page.getByRole("textbox").press("Control+Enter");
  await expect(log(page)).toHaveText(/42/);
  await expect(status(page)).toContainText("Finished");
});

test("bounds what a program prints without end, and stays usable", async ({ page, run }) => {
  await run("for (let i = 0; ; i++) console.log(i);");
  await expect(log(page)).toContainText("lines left out");
  await page.getByRole("button", { name: "Stop" }).click();
  await expect(status(page)).toContainText("Stopped");
  expect(await log(page).locator("pre").count()).toBeLessThan(2500);
});

test("shows an exception with its lines, which lead into the code", async ({ page, run }) => {
  await run(`type Count = number;

function train(steps: Count): never {
  throw new RangeError("too many steps", { cause: new Error(\`not \${steps}\`) });
}
train(3);
`);
  await expect(failure(page)).toContainText("The program threw an error");
  await expect(failure(page)).toContainText("RangeError: too many steps");
  await expect(failure(page)).toContainText("caused by Error: not 3");
  await expect(failure(page).getByRole("button")).toHaveText(["main.ts:4 in train", "main.ts:6"]);
  await failure(page).getByRole("button").first().click();
  const selected = (): Promise<string> =>
    page
      .getByRole("textbox")
      .evaluate((field: HTMLTextAreaElement) => field.value.slice(field.selectionStart, field.selectionEnd));
  await expect.poll(selected).toContain("throw new RangeError");
});

test("shows what the framework refuses, at the program's line", async ({ page, run }) => {
  await run(
    'import * as torch from "flambeau";\n\ntorch.zeros(5, 200).matmul(torch.zeros(100, 1) as never);\n',
  );
  await expect(failure(page)).toContainText("inner sizes differ: [5, 200] x [100, 1]");
  await expect(failure(page).getByRole("button").first()).toHaveText("main.ts:3");
});

test("shows errors of timers and promises that nobody waits for", async ({ page, run }) => {
  await run('setTimeout(() => { throw new TypeError("late"); }, 5);\nPromise.reject(new Error("lonely"));\n');
  await expect(failure(page)).toHaveCount(2);
  await expect(status(page)).toContainText("Ended with an error");
});

test("says where a program cannot be read, and what cannot be imported", async ({ page, run }) => {
  await run("const a = 1;\nconst b = ;\n");
  await expect(failure(page)).toContainText("The program cannot be read");
  await expect(failure(page).getByRole("button")).toHaveText("main.ts:2");
  await run('import { nope } from "flambeau";\nconsole.log(nope);\n');
  await expect(failure(page)).toContainText("'flambeau' does not provide an export named 'nope'");
});

test("remarks on a loss that became NaN", async ({ page, run }) => {
  await run(`import * as d2l from "@flambeau/d2l";
const animator = new d2l.Animator({ legend: ["train loss"], xlim: [0, 50] });
let loss = 1;
for (let step = 0; step <= 50; step++) animator.add(step, (loss *= -1e30));
`);
  const note = page.locator(".note");
  await expect(note).toContainText("The curve “train loss” has a value that is no finite number");
  await expect(note).toContainText("a smaller learning rate");
  await run(
    'let loss = 1;\nfor (let i = 0; i < 3; i++) {\n  loss = Math.sqrt(loss - 1.5);\n  console.log("loss", loss);\n}\n',
  );
  await expect(note).toContainText("A NaN was printed (main.ts:4)");
});

for (const [what, program] of [
  ["one tensor that is too large", 'import * as torch from "flambeau";\ntorch.zeros(1_000_000, 100_000);'],
  [
    "tensors that pile up",
    'import * as torch from "flambeau";\nconst all: unknown[] = [];\nfor (;;) all.push(torch.zeros(1000, 1000));',
  ],
  [
    "a graph that grows",
    'import * as torch from "flambeau";\nlet x: torch.Tensor = torch.ones(1000, 1000, { requiresGrad: true });\nfor (;;) x = x.sin();',
  ],
] as const)
  test(`says that memory is full: ${what}`, async ({ page, run }) => {
    await run(program);
    await expect(failure(page)).toContainText("Out of memory");
    await expect(failure(page).getByRole("button").first()).toContainText("main.ts:");
    await page.getByRole("textbox").fill('console.log("goes on");');
    await page.getByRole("button", { name: "Run" }).click();
    await expect(log(page)).toHaveText(/goes on/);
  });

test("does not take garbage for memory in use", async ({ page, run }) => {
  await run(`import * as torch from "flambeau";
let x: torch.Tensor = torch.zeros(1000, 1000);
for (let i = 0; i < 1500; i++) x = x.add(1);
console.log("sum", x.sum().item());
`);
  // 6 GB went by, 4 MB of them lived.
  await expect(log(page)).toContainText("sum 1500000000");
});

test("a page that ended under a program says so when it is back, and runs nothing", async ({
  page,
  open,
}) => {
  await plainEditor(page);
  await open("#/playground");
  // What a page leaves behind that had no time to clean up.
  await page.addInitScript(() => {
    if (location.protocol.startsWith("http")) sessionStorage.setItem("flambeau.running", "yes");
  });
  await page.reload();
  await expect(page.getByText("The page ended while a program was running")).toBeVisible();
  await expect(status(page)).toHaveText("Ready");
});

test("a link carries the files, runs nothing by itself, and leaves the reader's own code alone", async ({
  page,
  open,
  context,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await plainEditor(page);
  await open("#/playground");
  const editor = page.getByRole("textbox");
  await editor.fill("console.log('mine');");
  await page.getByRole("button", { name: "New file" }).click();
  await page.getByLabel("Name of the file").fill("lib/数据.ts");
  await page.getByLabel("Name of the file").press("Enter");
  await expect(page.getByText("Letters, digits")).toBeVisible();
  await page.getByLabel("Name of the file").fill("lib/data.ts");
  await page.getByLabel("Name of the file").press("Enter");
  await editor.fill("export const word = '你好';");
  await page.getByRole("button", { name: "Copy link" }).click();
  await expect(page.getByText("Link copied.")).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(link).toBe(page.url());

  const other = await linkOf("console.log('theirs');");
  await open(other);
  await expect(page.getByText("This code came with a link")).toBeVisible();
  await expect(editor).toHaveValue("console.log('theirs');");
  await expect(status(page)).toHaveText("Ready");
  await editor.fill("console.log('theirs, changed');");
  await page.getByRole("button", { name: "Back to my code" }).click();
  await expect(editor).toHaveValue("console.log('mine');");

  await open(new URL(link).hash);
  await expect(page.getByRole("tab")).toHaveText(["main.ts", "lib/data.ts"]);
  await page.getByRole("tab", { name: "lib/data.ts" }).click();
  await expect(editor).toHaveValue("export const word = '你好';");
});

test("a link that is damaged says so, and the reader's code is there", async ({ page, open }) => {
  await plainEditor(page);
  await open("#/playground/1.abc");
  await expect(
    page.getByText("The link holds no code that can be opened (damaged or cut off)"),
  ).toBeVisible();
  await expect(page.getByRole("textbox")).not.toHaveValue("");
});

test("keeps files for the next visit; renames and deletes them", async ({ page, open }) => {
  await plainEditor(page);
  await open("#/playground");
  await page.getByRole("button", { name: "New file" }).click();
  await page.getByLabel("Name of the file").fill("a.ts");
  await page.getByRole("button", { name: "OK" }).click();
  await page.getByRole("textbox").fill("export {};");
  await page.getByRole("button", { name: "Rename" }).click();
  await page.getByLabel("Name of the file").fill("b.ts");
  await page.getByLabel("Name of the file").press("Enter");
  await open("#/playground");
  await expect(page.getByRole("tab")).toHaveText(["main.ts", "b.ts"]);
  await page.getByRole("tab", { name: "main.ts" }).press("ArrowRight");
  await expect(page.getByRole("tab", { name: "b.ts" })).toBeFocused();
  await expect(page.getByRole("textbox")).toHaveValue("export {};");
  await page.getByRole("button", { name: "Delete" }).click();
  await expect(page.getByText("Delete b.ts?")).toBeVisible();
  await page.locator("form").getByRole("button", { name: "Delete" }).click();
  await expect(page.getByRole("tab")).toHaveText(["main.ts"]);
});

test("the editor underlines a shape that does not fit, shows shapes, and lets the keyboard out", async ({
  page,
  open,
}) => {
  await open(
    await linkOf({
      "main.ts": [
        'import * as torch from "flambeau";',
        'import sizes from "./sizes.json" with { type: "json" };',
        "const first: number = sizes.columns[0]!;",
        "const b = torch.zeros(200, 1);",
        "const a = torch.zeros(5, 200);",
        "const c = a.matmul(b);",
        "console.log(first, c);",
        "",
      ].join("\n"),
      "sizes.json": '{ "columns": [200, 1] }',
    }),
  );
  const editor = page.locator(".monaco-editor").first();
  await expect(page.getByText("No problems found")).toBeVisible({ timeout: 60_000 });
  await editor.locator(".view-lines").click();
  // As typed: the last line gives c another partner.
  await page.keyboard.press("Control+End");
  await page.keyboard.type("const d = a.matmul(torch.zeros(100, 1));");
  await expect(page.locator(".squiggly-error")).toBeVisible({ timeout: 60_000 });
  await page.getByText("1 problem").click();
  await expect(page.getByText("matmul: inner sizes differ: [5, 200] x [100, 1]")).toBeVisible();
  await editor.locator(".view-line", { hasText: "const c" }).getByText("matmul").hover({ force: true });
  await expect(page.locator(".monaco-hover:visible").first()).toContainText("Tensor<[5, 1]", {
    timeout: 30_000,
  });
  await editor.locator(".view-lines").click();
  await page.keyboard.press("Control+m");
  await page.keyboard.press("Tab");
  await expect(editor.locator(":focus")).toHaveCount(0);
});

test("an editor that cannot load leaves a plain one", async ({ page, open, troubles }) => {
  await page.route("**/editor.api-*.js", (route) => route.abort());
  await open("#/playground");
  await expect(page.getByText("The editor could not load")).toBeVisible();
  await page.getByRole("textbox").fill("console.log('plain');");
  await page.getByRole("button", { name: "Run" }).click();
  await expect(log(page)).toHaveText(/plain/);
  expect(troubles.splice(0).filter((text) => !text.includes("ERR_FAILED"))).toEqual([]);
});

test("works from a folder of a host that sets no headers", async ({ page }) => {
  const plain = await plainSite();
  await plainEditor(page);
  const program =
    'import * as torch from "flambeau";\nimport * as d2l from "@flambeau/d2l";\nd2l.plot([1, 2]);\nconsole.log(torch.ones(300, 300).matmul(torch.ones(300, 300)).sum());';
  await page.goto(plain.url + (await linkOf(program)));
  await page.getByRole("button", { name: "Run" }).click();
  await expect(log(page)).toHaveText(/tensor\(27000000\.\)/);
  await expect(page.locator("figure img")).toBeVisible();
  await plain.close();
});

test("fits a phone: code and output are two sides of one page", async ({ page, run }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await run("console.log('x'.repeat(500));");
  await expect(log(page)).toBeVisible();
  await expect(page.getByRole("textbox")).toBeHidden();
  await page.getByRole("button", { name: "Code", exact: true }).click();
  await expect(page.getByRole("textbox")).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
});

for (const language of ["en", "zh"])
  for (const colorScheme of ["light", "dark"] as const)
    test(`has no serious accessibility finding (${language}, ${colorScheme})`, async ({ page, open }) => {
      await page.emulateMedia({ colorScheme });
      const link = await linkOf(
        'import * as d2l from "@flambeau/d2l";\nd2l.plot([1, 2]);\nconsole.warn(NaN);\nthrow new Error("x");\n',
      );
      await open(`?lang=${language}${link}`);
      await expect(page.locator(".view-lines")).toBeVisible({ timeout: 60_000 });
      await page.locator(".run").click();
      await expect(failure(page)).toBeVisible();
      await expect(page.locator("figure img")).toBeVisible();
      const { violations } = await new AxeBuilder({ page }).analyze();
      const serious = violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
      expect(serious).toEqual([]);
    });
