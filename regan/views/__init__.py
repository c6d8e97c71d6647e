"""One picture of the explorer as a document: what is in it, how it travels, and the pixels that it means."""
