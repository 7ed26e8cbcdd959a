"""Asking many questions side by side, within one bound of time."""

import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import TypeVar

T = TypeVar("T")


def ask_each(questions: Sequence[Callable[[], T]], workers: int) -> list[T]:
    """
    The answer to each question, in order; a few of them at a time.

    Args:
        questions: Each ends by itself and raises nothing.
        workers: How many are asked at the same time.
    """
    answers: dict[int, T] = {}
    waiting: SimpleQueue[int] = SimpleQueue()
    for place in range(len(questions)):
        waiting.put(place)

    def work() -> None:
        while True:
            try:
                place = waiting.get_nowait()
            except Empty:
                return
            answers[place] = questions[place]()

    others = [
        threading.Thread(target=work, name="trimtab-source", daemon=True)
        for _ in range(min(workers, len(questions)) - 1)
    ]
    for other in others:
        other.start()
    work()
    for other in others:
        other.join()
    return [answers[place] for place in range(len(questions))]
