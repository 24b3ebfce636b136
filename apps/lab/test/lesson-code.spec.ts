// The code of a lesson in the page: without type errors, changed, broken, hung, and put back.

import type { Page } from "@playwright/test";
import { plainEditor } from "./editors.ts";
import { expect, livePart, number, test, trained } from "./lab.ts";
import { liveLessons } from "./lessons.ts";

const editLesson = async (page: Page, change: (code: string) => string): Promise<void> => {
  const field = page.getByRole("textbox", { name: "The code that runs" });
  await field.fill(change(await field.inputValue()));
  await field.press("Control+Enter");
};

for (const lesson of liveLessons)
  test(`the code of ${lesson} has no problems in the editor`, async ({ page, open }) => {
    await open(`#/${lesson}`);
    await page.getByRole("button", { name: "Read and change the code" }).click();
    await expect(page.getByText("No problems found")).toBeVisible({ timeout: 60_000 });
    // It runs as it stands, too: unchanged, and by way of the editor's modules.
    await page.getByLabel("Plain editor").check();
    await editLesson(page, (code) => `${code}\n// changed\n`);
    await expect(page.getByText("Your version is running")).toBeVisible();
    await trained(page);
    await expect(livePart(page).getByRole("alert")).toHaveCount(0);
  });

test.describe("of weight decay", () => {
  test.beforeEach(async ({ page, open }) => {
    await plainEditor(page);
    await open("#/weight-decay");
    await trained(page);
    await page.getByRole("button", { name: "Read and change the code" }).click();
  });

  test("trains anew when it is changed, and goes back", async ({ page }) => {
    await expect(number(page, "‖w‖₂, λ = 3")).toHaveText("0.3550");
    // Twice as many examples in a batch: other steps, other weights.
    await editLesson(page, (code) => code.replace("const batchSize = 5;", "const batchSize = 10;"));
    await expect(number(page, "‖w‖₂, λ = 3")).not.toHaveText("0.3550");
    await trained(page);
    await page.getByLabel("Penalty λ").press("ArrowRight");
    await trained(page);
    await page.getByRole("button", { name: "Reset", exact: true }).click();
    await page.getByRole("button", { name: "Back to the lesson's code" }).click();
    await expect(number(page, "‖w‖₂, λ = 3")).toHaveText("0.3550");
  });

  test("says where it fails", async ({ page }) => {
    await editLesson(page, (code) =>
      code.replace("const batchSize = 5;", 'const batchSize = 5;\nthrow new Error("mine");'),
    );
    await expect(page.getByRole("alert")).toContainText("Error: mine");
    const line = page.getByRole("button", { name: /live\.ts, line \d+/ });
    await line.click();
    const selected = await page
      .getByRole("textbox", { name: "The code that runs" })
      .evaluate((field: HTMLTextAreaElement) => field.value.slice(field.selectionStart, field.selectionEnd));
    expect(selected).toBe('throw new Error("mine");');
  });

  test("can be stopped when it hangs, and put right", async ({ page }) => {
    await editLesson(page, (code) =>
      code.replace(
        "*run(",
        "*run(...args) {\n    for (;;);\n    yield* this.other(...args);\n  },\n  *other(",
      ),
    );
    await expect(livePart(page)).toHaveAttribute("data-status", "running");
    await page.getByRole("button", { name: "Stop" }).click();
    await expect(livePart(page)).toHaveAttribute("data-status", "stopped");
    await page.getByRole("button", { name: "Back to the lesson's code" }).click();
    await trained(page);
    await expect(number(page, "‖w‖₂, λ = 3")).toHaveText("0.3550");
  });
});
