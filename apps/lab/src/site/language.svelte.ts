// The reader's language: ?lang= in the address, else the last choice, else the browser's.

import { remember, remembered } from "./storage.ts";

export type Language = "en" | "zh";

const languages: readonly Language[] = ["en", "zh"];
const tags = { en: "en", zh: "zh-Hans" } as const;

function known(value: string | null): Language | null {
  return languages.find((language) => language === value) ?? null;
}

function first(): Language {
  return (
    known(new URLSearchParams(location.search).get("lang")) ??
    known(remembered("language")) ??
    (/^zh/i.test(navigator.language) ? "zh" : "en")
  );
}

class LanguageState {
  #current: Language = $state(first());

  get current(): Language {
    return this.#current;
  }

  /** The choice stands in the address, so that a copied link opens in the same language. */
  set current(language: Language) {
    this.#current = language;
    remember("language", language);
    const url = new URL(location.href);
    url.searchParams.set("lang", language);
    history.replaceState(history.state, "", url);
  }

  /** The value of the `lang` attribute. */
  get tag(): string {
    return tags[this.#current];
  }
}

export const language: LanguageState = new LanguageState();
