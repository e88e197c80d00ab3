/**
 * The docs' root, such as `https://host/docs/`. Computed once and from this file's own address: mkdocs-material's
 * `__config.base` is wrong after an instant navigation. It holds for live.js and for every chunk, since they all lie in `assets/live/` itself.
 */
export const BASE = new URL("../../", import.meta.url);
