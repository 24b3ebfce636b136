// Monaco behind a small face: an editor of several files with the framework's types. Loaded when an editor is
// first shown; nothing else in the lab imports Monaco.

import "./features.ts";
import { editor, KeyCode, KeyMod, MarkerSeverity, Uri } from "monaco-editor/editor/editor.api.js";
import { problemsOf, setLibraries, tellFile } from "./language.ts";
import { useTheme } from "./themes.ts";
import type { CodeEditor, EditorOptions } from "./types.ts";

/** The owner of the mark at the line where a program failed. */
const RUN = "run";
const MS_UNTIL_CHECK = 300;

/** @param parent the element to fill */
export function createEditor(parent: HTMLElement, options: EditorOptions): CodeEditor {
  const { root, onChange, onRun, onProblems } = options;
  useTheme(options.theme);
  setLibraries(options.libraries ?? {});
  const uri = (path: string): Uri => Uri.parse(`file:///${root}${path}`);
  const models = new Map<string, editor.ITextModel>();
  const views = new Map<string, editor.ICodeEditorViewState | null>();
  let current = "";
  let silent = false;

  const view = editor.create(parent, {
    model: null,
    theme: "flambeau",
    automaticLayout: true,
    minimap: { enabled: false },
    overviewRulerLanes: 0,
    hideCursorInOverviewRuler: true,
    fontFamily: getComputedStyle(document.documentElement).getPropertyValue("--mono"),
    fontSize: 13.5,
    lineHeight: 1.5,
    tabSize: 2,
    scrollBeyondLastLine: false,
    lineNumbersMinChars: 3,
    folding: false,
    glyphMargin: false,
    padding: { top: 8, bottom: 8 },
    fixedOverflowWidgets: true,
    scrollbar: { alwaysConsumeMouseWheel: false },
    quickSuggestions: { other: true, comments: false, strings: false },
    unicodeHighlight: { ambiguousCharacters: false },
    ariaLabel: options.label,
    contextmenu: true,
  });
  view.addCommand(KeyMod.CtrlCmd | KeyCode.Enter, () => onRun());

  let rounds = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** Asks the language service once more when typing pauses. */
  const check = (): void => {
    clearTimeout(timer);
    const round = ++rounds;
    timer = setTimeout(async () => {
      for (const [path, model] of models) if (path.endsWith(".json")) tellFile(root + path, model.getValue());
      try {
        const found = await problemsOf(models);
        if (round === rounds) onProblems(found);
      } catch {
        // The language service comes a little later than the editor.
        if (round === rounds) check();
      }
    }, MS_UNTIL_CHECK);
  };

  const open = (path: string, text: string): editor.ITextModel => {
    const model = editor.createModel(text, path.endsWith(".ts") ? "typescript" : "plaintext", uri(path));
    model.onDidChangeContent(() => {
      editor.setModelMarkers(model, RUN, []);
      check();
      if (!silent) onChange(path, model.getValue());
    });
    // The page's own colours are enough.
    model.updateOptions({
      bracketColorizationOptions: { enabled: false, independentColorPoolPerBracketType: false },
    });
    models.set(path, model);
    return model;
  };

  return {
    setFiles(files) {
      for (const [path, model] of models) {
        if (path in files) continue;
        model.dispose();
        models.delete(path);
        views.delete(path);
      }
      silent = true;
      for (const [path, text] of Object.entries(files)) {
        const model = models.get(path) ?? open(path, text);
        // As an edit, so that it can be undone.
        if (model.getValue() !== text)
          model.pushEditOperations([], [{ range: model.getFullModelRange(), text }], () => null);
      }
      silent = false;
      check();
    },
    show(path) {
      if (path === current) return;
      if (models.has(current)) views.set(current, view.saveViewState());
      current = path;
      view.setModel(models.get(path) ?? null);
      const state = views.get(path);
      if (state) view.restoreViewState(state);
    },
    reveal(path, line) {
      this.show(path);
      view.revealLineInCenterIfOutsideViewport(line);
      view.setPosition({
        lineNumber: line,
        column: view.getModel()?.getLineFirstNonWhitespaceColumn(line) || 1,
      });
      view.focus();
    },
    mark(path, line, message) {
      for (const [each, model] of models) {
        const end =
          each === path && line !== undefined
            ? model.getLineMaxColumn(Math.min(line, model.getLineCount()))
            : 0;
        if (end === 0 || line === undefined) editor.setModelMarkers(model, RUN, []);
        else {
          const column = model.getLineFirstNonWhitespaceColumn(line) || 1;
          const range = { startLineNumber: line, startColumn: column, endLineNumber: line, endColumn: end };
          editor.setModelMarkers(model, RUN, [
            { ...range, message: message ?? "", severity: MarkerSeverity.Error },
          ]);
        }
      }
    },
    setTheme: useTheme,
    setLabel(label) {
      view.updateOptions({ ariaLabel: label });
    },
    dispose() {
      rounds++;
      clearTimeout(timer);
      view.dispose();
      for (const model of models.values()) model.dispose();
    },
  };
}
