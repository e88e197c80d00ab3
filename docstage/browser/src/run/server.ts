// What a page that the embedded server serves has more than others. One file, so that it is fetched once.

export { reloadOnChange } from "../page/reload";
export { offerBackends } from "./backend-choice";
export { ServerBackend } from "./server-backend";
