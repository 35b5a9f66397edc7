"""How long somebody waits who commits one changed handler in a repository of many applications."""
