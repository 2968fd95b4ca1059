"""The same protocol on virtual people, through the same desk: only the people and the clock are made up."""
