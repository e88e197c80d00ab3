// What running in the reader's browser takes. One file, so that it is fetched once.

export { GuardedBrowserBackend } from "./guarded-backend";
export { keepOffline } from "./keep-offline";
