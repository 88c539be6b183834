"""Model files: finding, checking, loading, caching and freeing them."""
