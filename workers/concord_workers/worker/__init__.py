"""What runs a worker: its start and end, what each action does, heartbeats, the self test. Above every other room."""
