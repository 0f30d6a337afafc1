"""What turns the wheels: timers that ask for due rows. Work itself is a row, never a job in here."""
