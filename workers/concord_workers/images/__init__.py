"""Input images: found, read, checked, and converted to sRGB."""
