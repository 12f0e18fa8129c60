"""Which of an export's words mean won, lost or open."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simcast.history.crm import Crm, fold
from simcast.history.parsing import normalise

_SOUNDS_ENDED = re.compile(
    r"closed?\b|\bwon\b|\blost\b|закрыт|провал|успешн|отказ|проигр|выигр|cancel|отмен", re.IGNORECASE
)


def word_key(word: str) -> str:
    """Return what is the same in all writings of a word; the pipeline before a Bitrix24 code is left off.

    Examples
    --------
    >>> word_key("C12:WON"), word_key("Closed - won")
    ('won', 'closedwon')
    """
    return fold(re.sub(r"^C\d+:", "", normalise(str(word))))


def without_pipeline(name: str) -> str:
    """Cut off the pipeline that stands in brackets behind the name of a stage.

    Examples
    --------
    >>> without_pipeline("Contract sent (Sales Pipeline)")
    'Contract sent'
    """
    return re.sub(r"\([^()]*\)$", "", name).strip()


def semantic_meaning(word: object) -> str:
    """Return ``won``, ``lost`` or ``open`` for the kind of a Bitrix24 stage, as a code or in words.

    Examples
    --------
    >>> [semantic_meaning(word) for word in ("S", "F", "P", "Успешная", "Проваленная", "В работе")]
    ['won', 'lost', 'open', 'won', 'lost', 'open']
    """
    key = word_key(str(word))
    if key in {"s", "won"} or key.startswith(("success", "успе", "выигр")):
        return "won"
    return "lost" if key in {"f", "lost"} or key.startswith(("fail", "apolog", "провал", "проигр")) else "open"


def words_by_semantic(stage: pd.Series, semantic: pd.Series, stages: Sequence[str]) -> dict[str, str]:
    """Return which names of stages mean an end, by the kind of stage that the rows give, where all rows agree.

    Parameters
    ----------
    stage, semantic
        The columns of a log.
    stages
        The pipeline's: they mean themselves.
    """
    own = {normalise(name) for name in stages}
    kinds = semantic.map(semantic_meaning).groupby(stage.astype("str").map(normalise)).agg(["nunique", "first"])
    return {
        str(word): str(kind)
        for word, count, kind in kinds.itertuples(name=None)
        if count == 1 and kind != "open" and word and word not in own
    }


def words_by_flags(texts: pd.Series, won: NDArray[np.bool_], lost: NDArray[np.bool_]) -> dict[str, str]:
    """Return which names of stages mean an end, by the flags of won and lost, where all rows with a name agree.

    Parameters
    ----------
    texts
        The stages that deals are in, a row per deal.
    won, lost : bool, (n_rows,)
        What the flags say of each.
    """
    flags = pd.DataFrame({"won": won, "lost": lost & ~won}).groupby(texts.to_numpy(dtype=object)).all()
    return {
        str(word): "won" if is_won else "lost"
        for word, is_won, is_lost in flags.itertuples(name=None)
        if word and (is_won or is_lost)
    }


def outcome_words(
    column: pd.Series, crm: Crm, stages: Sequence[str], given: Mapping[str, str], *, by_name: bool = False
) -> dict[str, str]:
    """Return what the words of a column mean: ours for each, by what the user says, then by the CRM's own.

    Parameters
    ----------
    column
        Stages, or outcomes.
    crm
        Its words.
    stages
        The pipeline's: they mean themselves.
    given
        The user's meanings, of words with or without the pipeline behind them.
    by_name
        Whether other words are names of present stages, so that the deal is open; words that sound like an end
        are left out even so: they are asked for.
    """
    known = {
        **{word_key(word): "open" for word in crm.is_open},
        **{word_key(word): "lost" for word in crm.lost},
        **{word_key(word): "won" for word in crm.won},
    }
    own = {normalise(stage) for stage in stages}
    given = {normalise(word): name for word, name in given.items()}
    words: dict[str, str] = {}
    for word in map(normalise, column.astype("str").unique()):
        if not word or word in own:
            continue
        meaning = (
            given.get(without_pipeline(word))
            or known.get(word_key(word))
            or known.get(word_key(without_pipeline(word)))
        )
        if meaning is None and by_name and not _SOUNDS_ENDED.search(word):
            meaning = "open"
        if meaning is not None:
            words[word] = meaning
    return {**words, **given}
