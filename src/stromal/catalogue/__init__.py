"""Many trials in one place: found by words and by facts, counted, compared, asked; every number cites its trials."""
