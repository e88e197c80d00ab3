// CodeMirror, loaded by the first press of Edit. Tab leaves the editor as it leaves any other field.

import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, drawSelection, EditorView, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

export interface EditorOptions {
  readonly label: string;
  readonly text: string;
  changed(): void;
  run(): void;
}

export interface Editor {
  readonly element: HTMLElement;
  text(): string;
  focus(): void;
  /** Marks a line as the failing one and scrolls to it, or takes the mark away. Editing takes it away too. */
  mark(line: number | undefined): void;
  destroy(): void;
}

const failing = StateEffect.define<number | undefined>();

const failingLine = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    if (transaction.docChanged) marks = Decoration.none;
    for (const effect of transaction.effects) {
      if (!effect.is(failing)) continue;
      const number = effect.value;
      marks =
        number === undefined || number < 1 || number > transaction.state.doc.lines
          ? Decoration.none
          : Decoration.set(
              Decoration.line({ class: "live-failing-line" }).range(transaction.state.doc.line(number).from),
            );
    }
    return marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

// The same variables that the theme paints static code with, so that both colour schemes follow by themselves.
const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: "var(--md-code-hl-keyword-color)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--md-code-hl-string-color)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--md-code-hl-number-color)" },
  { tag: tags.comment, color: "var(--md-code-hl-comment-color)" },
  { tag: [tags.function(tags.definition(tags.variableName)), tags.className], color: "var(--md-code-hl-function-color)" },
  { tag: [tags.operator, tags.punctuation], color: "var(--md-code-hl-operator-color)" },
]);

export function openEditor(options: EditorOptions): Editor {
  const view = new EditorView({
    state: EditorState.create({
      doc: options.text,
      extensions: [
        lineNumbers(),
        history(),
        drawSelection(),
        indentOnInput(),
        bracketMatching(),
        indentUnit.of("    "),
        python(),
        syntaxHighlighting(colours),
        failingLine,
        keymap.of([{ key: "Mod-Enter", run: () => (options.run(), true) }, ...defaultKeymap, ...historyKeymap]),
        EditorView.contentAttributes.of({ "aria-label": options.label, tabindex: "0", spellcheck: "false" }),
        EditorView.updateListener.of((update) => update.docChanged && options.changed()),
      ],
    }),
  });
  return {
    element: view.dom,
    text: () => view.state.doc.toString(),
    focus: () => view.focus(),
    mark(line) {
      const effects: StateEffect<unknown>[] = [failing.of(line)];
      if (line !== undefined && line >= 1 && line <= view.state.doc.lines) {
        effects.push(EditorView.scrollIntoView(view.state.doc.line(line).from, { y: "nearest", yMargin: 48 }));
      }
      view.dispatch({ effects });
    },
    destroy: () => view.destroy(),
  };
}
