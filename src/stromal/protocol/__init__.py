"""The trial as data: the model, its language, the file that holds it, static checks, and plain English."""
