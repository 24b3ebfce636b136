// Weight decay in the lab: the numbers of the lesson, and what the controls do to them.

import { expect, lastRow, livePart, number, test, trained } from "./lab.ts";

test.beforeEach(async ({ open, page }) => {
  await open("#/weight-decay");
  await trained(page);
});

test("shows the lesson's norms and losses for seed 42", async ({ page }) => {
  await expect(number(page, "‖w‖₂, no penalty")).toHaveText("13.6619");
  await expect(number(page, "‖w‖₂, λ = 3")).toHaveText("0.3550");
  // The table of `npm start`, which is PyTorch's.
  const [epoch, train, freeTrain, test, freeTest] = await lastRow(page, "loss");
  expect(epoch).toBe(100);
  expect(train! / 4.968e-4).toBeCloseTo(1, 3);
  expect(test! / 0.08262).toBeCloseTo(1, 3);
  expect(freeTrain! / 3.54e-5).toBeCloseTo(1, 2);
  expect(freeTest! / 105.1).toBeCloseTo(1, 3);
});

test("trains the concise model to its own norms, and comes back to the first", async ({ page }) => {
  await page.getByRole("radio", { name: "concise" }).check();
  await expect(number(page, "‖w‖₂, no penalty")).toHaveText("12.5409");
  await expect(number(page, "‖w‖₂, λ = 3")).toHaveText("0.4812");
  await page.getByRole("button", { name: "Reset" }).click();
  await expect(number(page, "‖w‖₂, λ = 3")).toHaveText("0.3550");
});

test("lambda moves the norm", async ({ page }) => {
  await page.getByLabel("Penalty λ").fill("1");
  await expect(number(page, "‖w‖₂, λ = 1")).toHaveText("3.9513");
  await page.getByLabel("Penalty λ").press("ArrowRight");
  const larger = number(page, "‖w‖₂, λ = 1.1");
  await expect(larger).toBeVisible();
  await trained(page);
  expect(Number(await larger.textContent())).toBeLessThan(3.9513);
});

test("an L1 penalty makes weights exactly zero", async ({ page }) => {
  const zeros = number(page, "exactly 0");
  await expect(zeros).toHaveText("0");
  await page.getByRole("radio", { name: "L1" }).check();
  await expect.poll(async () => Number(await zeros.textContent())).toBeGreaterThan(100);
});

test("trains anew while the control is dragged", async ({ page }) => {
  const box = (await page.getByLabel("Penalty λ").boundingBox())!;
  const y = box.y + box.height / 2;
  const runs = async (): Promise<number> => Number(await livePart(page).getAttribute("data-runs"));
  const before = await runs();
  await page.mouse.move(box.x + box.width * 0.3, y);
  await page.mouse.down();
  const norms = new Set<string | null>();
  for (let part = 0.3; part < 0.9; part += 0.03) {
    await page.mouse.move(box.x + box.width * part, y);
    norms.add(await number(page, "‖w‖₂, λ").last().textContent());
  }
  // The button is still down: all this was trained and drawn during the drag.
  expect(await runs()).toBeGreaterThan(before + 5);
  expect(norms.size).toBeGreaterThan(5);
  await page.mouse.up();
});

test("a training that diverges is said in words, and the page goes on", async ({ page }) => {
  await page.getByLabel("Learning rate").press("End");
  await expect(page.getByRole("alert")).toContainText("diverged");
  await page.getByRole("button", { name: "Reset" }).click();
  await expect(page.getByRole("alert")).toBeHidden();
  await expect(number(page, "‖w‖₂, λ = 3")).toHaveText("0.3550");
});

test("trains other sizes", async ({ page }) => {
  await page.getByLabel("Inputs").fill("10");
  await page.getByLabel("Training examples").fill("200");
  await trained(page);
  // With more examples than inputs there is little to overfit.
  const free = number(page, "test loss, no penalty");
  await expect.poll(async () => Number(await free.textContent())).toBeLessThan(0.01);
});
