"""Stands for torch in tests: sentence-transformers brings it, and it is asked for nothing but its threads."""

threads = 0


def set_num_threads(count):
    global threads
    threads = count
