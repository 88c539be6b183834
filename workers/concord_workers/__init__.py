"""The Python GPU workers of Concord: the contract on diffusers. One process owns one device."""
