// Whether the host still has the site that this page is of. A deployment takes the files of the one before away, and a page
// that stays open learns of it when one of them is wanted.

import { BASE } from "./base";

/** Of the scripts. docstage/bundle/bundle.py gives it to build.mjs, which puts it in here, and writes it into the lock. */
declare const EDITION: string;

/** Why a page that is of another edition than its site cannot go on. */
export const UPDATED = "this site was updated after the page was opened";

export function isOurs(edition: string): boolean {
  return edition === EDITION;
}

/** The message for code that could not be fetched: why, and how to go on. `next` is what to do again after that. */
export async function unloaded(what: string, next?: string): Promise<string> {
  const isNew = await isUpdated();
  const reason = isNew ? `, because ${UPDATED}` : "";
  const remedy = isNew ? "Reload the page" : "Check the network";
  const retry = next ? ` and ${next} again` : isNew ? "" : " and reload the page";
  return `${what} could not be loaded${reason}. ${remedy}${retry}.`;
}

async function isUpdated(): Promise<boolean> {
  try {
    const response = await fetch(new URL("assets/live/pyodide-lock.json", BASE), { cache: "no-cache" });
    return !isOurs((await response.json()).tool.live.edition);
  } catch {
    return false;
  }
}
