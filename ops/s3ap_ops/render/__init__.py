"""Plans and summaries as text, JSON and SARIF."""
