"""From the state of a trial to what a committee reads: tables, results, figures and the report (steps 8 to 10)."""
