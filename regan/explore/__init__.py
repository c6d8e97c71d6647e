"""The explorer: a page on which edits are found by hand, and the server that draws for it."""
