"""The evidence packet of an episode: what an auditor is handed, readable and checkable without anything of ours."""
