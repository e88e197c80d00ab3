// Whether the host still has the site that this page is of. A deployment takes the files of the one before away, and a page
// that stays open learns of it when one of them is wanted.

import { BASE } from "./base";

/** Of the scripts. playground/bundle.py gives it to build.mjs, which puts it in here, and writes it into the lock. */
declare const EDITION: string;

/** Why a page that is of another edition than its site cannot go on. */
export const UPDATED = "this site was updated after the page was opened";

export function isOurs(edition: string): boolean {
  return edition === EDITION;
}

/** What to tell when code that was wanted did not come: why, and what to do before doing `next` again. */
export async function unloaded(what: string, next: string): Promise<string> {
  const [reason, remedy] = (await isUpdated()) ? [`, because ${UPDATED}`, "Reload the page"] : ["", "Check the network"];
  return `${what} could not be loaded${reason}. ${remedy} and ${next} again.`;
}

async function isUpdated(): Promise<boolean> {
  try {
    const response = await fetch(new URL("assets/live/pyodide-lock.json", BASE), { cache: "no-cache" });
    return !isOurs((await response.json()).tool.live.edition);
  } catch {
    return false;
  }
}
