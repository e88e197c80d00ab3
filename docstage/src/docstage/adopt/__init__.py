"""Takes existing example modules as snippets: finds their applications and writes requests for them."""
