"""An episode: its effective history, its stays, and the events it refuses."""
