"""The worker: its start and end, the handlers of actions, heartbeats and the self test. This room is above every other."""
