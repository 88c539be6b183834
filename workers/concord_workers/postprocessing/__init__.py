"""What happens to a picture after it is decoded, up to its file."""
