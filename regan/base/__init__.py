"""What serves every room: errors, files that are written whole, caches, records, threads."""
