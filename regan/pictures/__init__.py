"""Images as arrays: arranged, compared, written as PNG and MP4."""
