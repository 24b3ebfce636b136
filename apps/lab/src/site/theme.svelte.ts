// Dark or light: the reader's choice, else the system's, followed while the page is open.

import { remember, remembered } from "./storage.ts";

export type Theme = "light" | "dark";

class ThemeState {
  readonly #system: MediaQueryList = matchMedia("(prefers-color-scheme: dark)");
  #dark: boolean = $state(this.#system.matches);
  #chosen: Theme | null = $state(
    ["light", "dark"].includes(remembered("theme") ?? "") ? (remembered("theme") as Theme) : null,
  );

  constructor() {
    this.#apply();
    this.#system.addEventListener("change", (event) => {
      this.#dark = event.matches;
      this.#apply();
    });
  }

  get current(): Theme {
    return this.#chosen ?? (this.#dark ? "dark" : "light");
  }

  /** To the other theme. What the system says anyway is not remembered. */
  toggle(): void {
    const next = this.current === "dark" ? "light" : "dark";
    this.#chosen = next === (this.#dark ? "dark" : "light") ? null : next;
    remember("theme", this.#chosen);
    this.#apply();
  }

  /** At once, not in an effect: pictures that are drawn anew read their colours from the style sheet. */
  #apply(): void {
    document.documentElement.dataset["theme"] = this.current;
  }
}

export const theme: ThemeState = new ThemeState();
