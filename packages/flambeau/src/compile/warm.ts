// Which compiled functions have run once. The first run is eager, and the second a program, whose sums are in another order: a
// process that goes on where another one stopped must not begin with an eager run.
// Floor L4 (compile).

/** By the order in which the functions were made. */
const ran: boolean[] = [];
let made = 0;

/** The number of a new compiled function. */
export const numbered = (): number => made++;

export const hasRun = (number: number): boolean => ran[number] === true;
export function setRun(number: number): void {
  ran[number] = true;
}

/** For checkpoints: whether each compiled function has run, in the order in which they were made. */
export const runs = (): boolean[] => Array.from(ran, (x) => x === true);

/** Takes over what {@link runs} gave, for functions that are there and those that will be made. */
export function restoreRuns(list: readonly boolean[]): void {
  ran.length = 0;
  ran.push(...list);
}
