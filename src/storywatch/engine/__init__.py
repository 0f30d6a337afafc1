"""What turns the wheels: timers that ask for due rows. Work itself is a row, never a job in here."""

POLL, JUDGE, DELIVER = "poll", "judge", "deliver"
QUEUES = (POLL, JUDGE, DELIVER)  # of workers: each has the work that scales apart from the rest
