"""The services that run a compiled graph: a module each, and their registry."""
