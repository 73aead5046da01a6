"""The drift of the newest span of the data from the last blessed one."""
