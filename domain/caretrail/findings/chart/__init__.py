"""What the rules read: the chart of an episode, with its documents, team, terms, weeks and review clock."""
