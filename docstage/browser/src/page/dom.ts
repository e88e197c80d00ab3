type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** An element, its attributes (`true` sets, `false` and `undefined` leave out) and what is in it. */
export function el<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}

export function button(label: string, onClick: () => void, kind = ""): HTMLButtonElement {
  const element = el("button", { type: "button", class: `live-button ${kind}`.trim() }, label);
  element.addEventListener("click", () => {
    if (element.getAttribute("aria-disabled") !== "true") onClick();
  });
  return element;
}

/** Not the `disabled` property: a button that is switched off while it has the focus would lose it. */
export function setEnabled(element: HTMLButtonElement, isEnabled: boolean): void {
  if (isEnabled) element.removeAttribute("aria-disabled");
  else element.setAttribute("aria-disabled", "true");
}

const LONGEST = 12; // ms
let since = 0;

/** Yields to the event loop, unless it did a moment ago. Await it now and then in long loops. */
export async function giveWay(): Promise<void> {
  if (performance.now() - since < LONGEST) return;
  await new Promise((resolve) => setTimeout(resolve));
  since = performance.now();
}

const FRAME = 20; // ms
const SHARE = 4;

/**
 * Calls `draw` once before the next frame, however often it is asked. Where that makes a frame take long, the next waits
 * for so much longer that three quarters of the time are left for everything else.
 */
export function oncePerFrame(draw: () => void): () => void {
  let isAsked = false;
  let earliest = 0;
  const ask = (): void => {
    requestAnimationFrame((began) => {
      isAsked = false;
      draw();
      // After the frame, whose layout is most of the work.
      setTimeout(() => {
        const now = performance.now();
        earliest = now + (SHARE - 1) * Math.max(0, now - began - FRAME);
      });
    });
  };
  return () => {
    if (isAsked) return;
    isAsked = true;
    const wait = earliest - performance.now();
    if (wait > 0) setTimeout(ask, wait);
    else ask();
  };
}
