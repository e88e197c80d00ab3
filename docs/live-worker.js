// At the root of the site, because a service worker controls no page above itself. What it does is in the live block's own files.
importScripts("assets/live/offline.js");
