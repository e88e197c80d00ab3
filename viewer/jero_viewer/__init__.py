"""The script of the page that shows OpenAPI documents: `viewer.js.gz`, beside this file. jero reads and serves it."""
