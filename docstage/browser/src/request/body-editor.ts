// CodeMirror for the body of a request. Tab leaves it as it leaves any other field, also while something is offered.

import { autocompletion, type Completion, completionKeymap, startCompletion } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { bracketMatching, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { Compartment, EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, drawSelection, EditorView, keymap, tooltips } from "@codemirror/view";
import { tags } from "@lezer/highlight";

/** A stretch of the text that something is said of. */
export interface Mark {
  readonly from: number;
  readonly to: number;
  readonly kind: "fault" | "misfit";
  readonly text: string;
}

export interface Offer {
  /** What is put in the place of what stands there. */
  readonly text: string;
  readonly label: string;
  readonly detail: string;
  readonly info: string;
  /** Whether something goes on from there that can be offered, too. */
  readonly isOpen: boolean;
}

export interface Offers {
  readonly from: number;
  readonly to: number;
  readonly offers: readonly Offer[];
}

export interface Edit {
  /** Whether anything between the two was changed. */
  touches(from: number, to: number): boolean;
  /** Where a place of the text before is now. */
  now(place: number): number;
}

export interface BodyEditorOptions {
  /** The id of its label. */
  readonly labelledBy: string;
  changed(edit: Edit): void;
  run(): void;
  /** What could be written at a place of the text. */
  offer(text: string, at: number): Offers | undefined;
}

export interface BodyEditor {
  readonly element: HTMLElement;
  /** What has the focus, and what is said to be at fault. */
  readonly field: HTMLElement;
  readonly text: string;
  /** Puts another text in the place of all, as something that cannot be undone, or can. */
  show(text: string, isUndoable?: boolean): void;
  setJSON(isJSON: boolean): void;
  mark(marks: readonly Mark[]): void;
  select(from: number, to: number): void;
  complete(): void;
}

const marking = StateEffect.define<readonly Mark[]>();

const marks = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(before, transaction) {
    let now = before.map(transaction.changes);
    for (const effect of transaction.effects) if (effect.is(marking)) now = drawn(effect.value, transaction.newDoc.length);
    return now;
  },
  provide: (field) => EditorView.decorations.from(field),
});

function drawn(all: readonly Mark[], length: number): DecorationSet {
  const ranges = all
    .filter(({ from, to }) => from < to && to <= length)
    .map(({ from, to, kind, text }) =>
      Decoration.mark({ class: `live-marked-${kind}`, attributes: { title: text } }).range(from, to),
    );
  return Decoration.set(ranges, true);
}

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--md-code-hl-variable-color)" },
  { tag: tags.string, color: "var(--md-code-hl-string-color)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--md-code-hl-number-color)" },
  { tag: tags.punctuation, color: "var(--md-code-hl-punctuation-color)" },
]);

export function openBodyEditor(options: BodyEditorOptions): BodyEditor {
  const language = new Compartment();
  let isJSON = false;
  const languageNow = (): ReturnType<typeof json> | [] => (isJSON ? json() : []);
  const extensions = [
    history(),
    drawSelection(),
    bracketMatching(),
    language.of([]),
    syntaxHighlighting(colours),
    marks,
    autocompletion({
      override: [({ state, pos }) => resultOf(options.offer(state.doc.toString(), pos))],
      icons: false,
    }),
    // In the block, whose container would else be what a fixed place is counted from.
    tooltips({ position: "absolute" }),
    keymap.of([
      { key: "Mod-Enter", run: () => (options.run(), true) },
      ...completionKeymap,
      ...defaultKeymap,
      ...historyKeymap,
    ]),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({
      "aria-labelledby": options.labelledBy,
      tabindex: "0",
      autocapitalize: "off",
      spellcheck: "false",
    }),
    EditorView.updateListener.of(({ docChanged, changes }) => {
      if (!docChanged) return;
      options.changed({
        touches: (from, to) => changes.touchesRange(from, to) !== false,
        now: (place) => changes.mapPos(place, 1),
      });
    }),
  ];
  const view = new EditorView({ state: EditorState.create({ extensions }) });
  return {
    element: view.dom,
    field: view.contentDOM,
    get text() {
      return view.state.doc.toString();
    },
    show(text, isUndoable = false) {
      const changes = { from: 0, to: view.state.doc.length, insert: text };
      if (isUndoable) view.dispatch({ changes, selection: { anchor: text.length } });
      else {
        view.setState(EditorState.create({ doc: text, extensions }));
        view.dispatch({ effects: language.reconfigure(languageNow()) });
      }
    },
    setJSON(isNow) {
      if (isNow === isJSON) return;
      isJSON = isNow;
      view.dispatch({ effects: language.reconfigure(languageNow()) });
    },
    mark: (all) => view.dispatch({ effects: marking.of(all) }),
    select(from, to) {
      view.dispatch({ selection: { anchor: from, head: to }, scrollIntoView: true });
    },
    complete: () => startCompletion(view),
  };
}

function resultOf(offers: Offers | undefined): { from: number; to: number; options: Completion[] } | null {
  if (!offers?.offers.length) return null;
  const options = offers.offers.map(({ text, label, detail, info, isOpen }, index): Completion => {
    const apply = (view: EditorView, _: Completion, from: number, to: number): void => {
      view.dispatch({
        changes: { from, to, insert: text },
        selection: { anchor: from + text.length },
        userEvent: "input.complete",
      });
      if (isOpen) startCompletion(view);
    };
    return { label: text, displayLabel: label, detail, ...(info && { info }), apply, boost: -index };
  });
  return { from: offers.from, to: offers.to, options };
}
