"""What an episode is: its effective history, its stays, and what it refuses."""
