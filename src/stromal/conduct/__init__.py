"""What may happen next: commands, the roles that may give them, and the desk that carries them out."""
