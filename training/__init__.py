"""Learning and measuring the weights of the matcher: for those who change storywatch, not part of the package."""
