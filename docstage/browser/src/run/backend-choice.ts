// The choice of where snippets run, on a site that has both places.

import type { BackendName } from "./backends";
import { el } from "../page/dom";

/** The reader's choice, which all blocks share. */
export interface Choice {
  name: BackendName;
  subscribe(listener: () => void): () => void;
}

/** Fills `place` with the choice; `id` is unique in the page. `changed` is called now and on each choice. Returns what ends it. */
export function offerBackends(place: HTMLFieldSetElement, id: string, choice: Choice, changed: () => void): () => void {
  const radios = (["browser", "server"] as const).map((name) => {
    const radio = el("input", { type: "radio", name: `${id}-where`, value: name });
    radio.addEventListener("change", () => (choice.name = name));
    return radio;
  });
  const show = (): void => {
    for (const radio of radios) radio.checked = radio.value === choice.name;
    changed();
  };
  const [browser, server] = radios.map((radio, index) => el("label", {}, radio, index ? "Server" : "This browser"));
  place.append(el("legend", {}, "Runs in"), browser ?? "", server ?? "");
  place.hidden = false;
  show();
  return choice.subscribe(show);
}
