// What a lesson gives a page with controls: which numbers the reader may change, and a run that shows pictures while it
// works. Types only, and three helpers that write controls down. A `live.ts` imports flambeau, @flambeau/d2l, this file
// and files of its own lesson.

/** A number on a slider. `scale: "log"` spaces the steps by ratio; `least` is then above 0. */
export interface Slider {
  readonly kind: "slider";
  readonly value: number;
  readonly least: number;
  readonly most: number;
  /** Distance of two positions (default: any number; 1 for whole numbers). */
  readonly step?: number | undefined;
  readonly scale?: "linear" | "log" | undefined;
}

/** One of a few words. */
export interface Choice<Name extends string = string> {
  readonly kind: "choice";
  readonly value: Name;
  readonly among: readonly Name[];
}

/** On or off. */
export interface Switch {
  readonly kind: "switch";
  readonly value: boolean;
}

export type Control = (Slider | Choice | Switch) & {
  /** Shown only while another control has this value. */
  readonly when?: readonly [control: string, value: string | boolean] | undefined;
};
export type Controls = { readonly [name: string]: Control };

/** The values of the controls: what a run is given. */
export type Settings<C extends Controls> = {
  readonly [Name in keyof C]: C[Name] extends Choice<infer Word>
    ? Word
    : C[Name] extends Switch
      ? boolean
      : number;
};

/** What a run shows. Labels are in the reader's language: the run is given its texts. */
export type Picture =
  | {
      readonly kind: "curves";
      readonly curves: readonly {
        readonly name: string;
        readonly x: ArrayLike<number>;
        readonly y: ArrayLike<number>;
        /** Points without a line; default false. */
        readonly points?: boolean | undefined;
        /** A broken line; default false. */
        readonly dashed?: boolean | undefined;
        /** Which of the page's colours, from 0; default the curve's place among the others. */
        readonly color?: number | undefined;
      }[];
      readonly xlabel?: string | undefined;
      readonly ylabel?: string | undefined;
      readonly xlim?: readonly [number, number] | undefined;
      readonly ylim?: readonly [number, number] | undefined;
      readonly xscale?: "linear" | "log" | undefined;
      readonly yscale?: "linear" | "log" | undefined;
    }
  | {
      /** One bar a value, in the order given; `reference` draws a mark across each bar. */
      readonly kind: "bars";
      readonly values: ArrayLike<number>;
      readonly names?: readonly string[] | undefined;
      readonly reference?: ArrayLike<number> | undefined;
      /** What the bars are, and what the marks are. */
      readonly legend?: readonly [values: string, reference: string] | undefined;
      readonly xlabel?: string | undefined;
      readonly ylabel?: string | undefined;
    }
  | {
      /** Distributions over one range, one above the other, such as the activations of each layer. */
      readonly kind: "histograms";
      readonly from: number;
      readonly to: number;
      readonly rows: readonly { readonly name: string; readonly counts: ArrayLike<number> }[];
      readonly xlabel?: string | undefined;
    }
  | {
      /** `values[i * columns + j]` is the colour of row i, column j. */
      readonly kind: "heatmap";
      readonly rows: number;
      readonly columns: number;
      readonly values: ArrayLike<number>;
      readonly rowNames?: readonly string[] | undefined;
      readonly columnNames?: readonly string[] | undefined;
      readonly xlabel?: string | undefined;
      readonly ylabel?: string | undefined;
    }
  | {
      /** Small grey pictures with a caption each; `values` are in 0 (background) to 1, image by image, row by row. */
      readonly kind: "images";
      readonly height: number;
      readonly width: number;
      readonly values: ArrayLike<number>;
      readonly captions: readonly string[];
      /** Captions to mark as wrong. */
      readonly wrong?: readonly boolean[] | undefined;
    }
  | {
      readonly kind: "numbers";
      readonly rows: readonly { readonly name: string; readonly value: number | string }[];
    }
  | { readonly kind: "text"; readonly text: string };

/** Shows a picture, in place of the last one of that name. The order of first showing is the order on the page. */
export type Show = (name: string, picture: Picture) => void;

/** Texts of a live page in both languages; `title` and `controls` are the page's, the rest is the run's. */
export type LiveTexts<C extends Controls> = {
  readonly controls: { readonly [Name in keyof C]: string };
  /** Words of choices, where the reader should see others than the code's. */
  readonly choices?: { readonly [word: string]: string } | undefined;
  readonly pictures: { readonly [name: string]: string };
  readonly [word: string]: unknown;
};

/**
 * A lesson as a page runs it. `run` trains with the settings and shows; each `yield` is a place where a newer run may take
 * over (a control moved), so it yields every few milliseconds of work. It seeds its own random numbers.
 */
export interface Live<C extends Controls, T extends LiveTexts<C> = LiveTexts<C>> {
  readonly controls: C;
  readonly texts: { readonly en: T; readonly zh: T };
  /** Waited for once, before the first run: data that has to be fetched, for example. */
  load?(): Promise<void>;
  run(settings: Settings<C>, show: Show, texts: T): Generator<void, void, void>;
}

/** A live part whose controls are not known to the one who runs it. */
export type AnyLive = Live<Controls, LiveTexts<Controls>>;

/** Checks a lesson's live part: `export const lesson: AnyLive = live({ controls, texts, *run(settings, show, texts) { … } })`. */
export function live<const C extends Controls, T extends LiveTexts<C>>(lesson: Live<C, T>): AnyLive {
  return lesson as unknown as AnyLive;
}

/** A number on a slider from `least` to `most`. */
export function slider(
  value: number,
  least: number,
  most: number,
  options: Pick<Slider, "step" | "scale"> = {},
): Slider {
  return { kind: "slider", value, least, most, ...options };
}

/** One of a few words. */
export function choice<const Name extends string>(value: Name, among: readonly Name[]): Choice<Name> {
  return { kind: "choice", value, among };
}

/** On or off. */
export function toggle(value: boolean): Switch {
  return { kind: "switch", value };
}

/** A control that is shown only while another one has a value: `when("part", "dates", slider(4, 1, 8))`. */
export function when<C extends Control>(name: string, value: string | boolean, control: C): C {
  return { ...control, when: [name, value] };
}
