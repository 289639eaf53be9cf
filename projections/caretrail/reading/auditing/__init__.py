"""Questions of auditors about many episodes: which verdicts changed and why, what came late, which reviews were due."""
