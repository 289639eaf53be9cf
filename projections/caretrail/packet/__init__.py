"""The evidence packet: what an auditor is handed, readable and checkable without anything of ours."""
