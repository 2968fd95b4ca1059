"""What happened: events, the chain that numbers and seals them, and the state they add up to."""
