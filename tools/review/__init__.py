"""Review of a data set of people: its crops, the edits made to them, and the local page to make edits on."""
