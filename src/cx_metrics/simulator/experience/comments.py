"""What customers write below a survey answer: a theme that follows from what happened, and a sentence on it."""

from __future__ import annotations

import numpy as np

from cx_metrics.simulator.frames import Array, Ints, chance
from cx_metrics.simulator.settings import Settings

THEMES = ("agent", "speed", "resolution", "waiting", "repetition", "hand_over", "communication", "price")
AGENT, SPEED, RESOLUTION, WAITING, REPETITION, HAND_OVER, COMMUNICATION, PRICE = range(8)

_SENTENCES: tuple[tuple[str, ...], ...] = (
    ("The person I spoke to was friendly and knew the answer.", "Very patient and kind.", "Excellent help."),
    ("It was quick.", "Answered at once and done in minutes.", "Much faster than I expected."),
    ("It still does not work.", "My problem was not solved.", "I got an answer but not a solution."),
    (
        "I had to wait far too long.",
        "The wait was longer than the conversation.",
        "Nobody answered for ages.",
    ),
    (
        "I had to get in touch again about the same thing.",
        "This was not my first attempt.",
        "Same story again.",
    ),
    (
        "I was passed from one person to the next.",
        "I had to explain everything twice.",
        "Too many hand-overs.",
    ),
    ("They did not understand what I wanted.", "I only got standard phrases.", "Polite, but not listening."),
    ("Too expensive for what you get.", "The price went up again.", "Others offer the same for less."),
)
SENTENCES = tuple(sentence for group in _SENTENCES for sentence in group)

WRITES = 0.32
"""Share of responses with a comment."""
CODED = 0.85
"""Share of comments whose theme somebody coded."""
CONTENT_SINCE = 3.4
_SALT_WRITES, _SALT_THEME, _SALT_SENTENCE, _SALT_CODED = 220, 221, 222, 223


def comments(settings: Settings, keys: Array, told: dict[str, Array]) -> tuple[Ints, Ints]:
    """Return the sentence (position in SENTENCES) and coded theme of each response; -1 is none.

    ``told`` holds satisfaction, resolved, wait (seconds), attempt, moves and gap of the contact.
    """
    seed = settings.seed
    draw = chance(keys, seed, _SALT_THEME)
    complaint = np.select(
        [
            draw < 0.12,
            (told["moves"] > 0) & (draw < 0.60),
            (told["attempt"] > 0) & (draw < 0.75),
            told["resolved"] == 0,
            told["wait"] > 240,
            told["gap"] < 0,
        ],
        [PRICE, HAND_OVER, REPETITION, RESOLUTION, WAITING, COMMUNICATION],
        np.where(draw < 0.5, COMMUNICATION, PRICE),
    )
    praise = np.where((draw < 0.6) | (told["wait"] > 120), AGENT, SPEED)
    theme = np.where(told["satisfaction"] >= CONTENT_SINCE, praise, complaint).astype(np.int64)
    sentence = theme * 3 + np.floor(3 * chance(keys, seed, _SALT_SENTENCE)).astype(np.int64)
    writes = chance(keys, seed, _SALT_WRITES) < WRITES
    coded = writes & (chance(keys, seed, _SALT_CODED) < CODED)
    return np.where(writes, sentence, -1), np.where(coded, theme, -1)
