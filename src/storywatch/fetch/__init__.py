"""The network: feeds, pages and robots.txt, asked politely, through a guard, and never further than the caps."""
