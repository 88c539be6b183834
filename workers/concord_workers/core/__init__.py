"""What every room of the worker shares: errors, the device, allowed roots, the running job."""
