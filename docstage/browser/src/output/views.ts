// What a page needs once its reader runs something, or looks at a recording in another way than as rows. One file, so that
// it is fetched once.

export { curl } from "../request/curl";
export { ClientView } from "./client-code";
export { PreviousRun } from "./previous-run";
export { RawView } from "./raw-view";
export { Replay } from "./replay";
export { rowElement } from "./row-elements";
export { RowReader } from "./rows";
export { Cursor } from "./timeline-cursor";
