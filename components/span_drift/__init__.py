"""How far the newest span of the data has moved from the last blessed one."""
