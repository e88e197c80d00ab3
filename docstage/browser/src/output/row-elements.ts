// The rows of a run as elements. Those of a recording are in the page already.

import { el } from "../page/dom";
import type { Row } from "./rows";

const MOST_FIELDS = 100; // of one event
const MOST_CHARACTERS = 4_096; // of one value: the view of the raw bytes shows where more is

/** One row. `row_html` in docstage/pages/fence.py writes the same elements. */
export function rowElement(row: Row): HTMLElement {
  const what = el("div", { class: "live-what" });
  const fields = row.fields ?? [];
  for (const [name, value] of fields.slice(0, MOST_FIELDS)) {
    what.append(
      el(
        "span",
        { class: "live-field", "data-field": name },
        el("span", { class: "live-name" }, name),
        " ",
        el("span", { class: "live-value" }, cut(value)),
      ),
      " ",
    );
  }
  if (fields.length > MOST_FIELDS) what.append(`… ${(fields.length - MOST_FIELDS).toLocaleString("en")} more fields`);
  if (row.text) what.append(el("span", { class: "live-text" }, cut(row.text)));
  if (row.more) {
    const label = el("summary", {}, labelOfMore(row.kind, row.more));
    what.append(el("details", { class: "live-more" }, label, el("pre", {}, row.more)));
  }
  return el(
    "div",
    { class: "live-row", "data-kind": row.kind },
    el("span", { class: "live-at" }, `${row.at.toFixed(3)} s`),
    " ",
    el("span", { class: "live-kind" }, row.kind),
    " ",
    what,
  );
}

function labelOfMore(kind: Row["kind"], more: string): string {
  if (kind !== "status") return "Traceback";
  const headers = more.split("\n").length;
  return `${headers} header${headers === 1 ? "" : "s"}`;
}

function cut(text: string): string {
  if (text.length <= MOST_CHARACTERS) return text;
  return `${text.slice(0, MOST_CHARACTERS)} … (${text.length.toLocaleString("en")} characters)`;
}
