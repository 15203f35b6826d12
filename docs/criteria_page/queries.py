"""Reads the SELECT lists of a query: which expression stands behind a column, and whence.

Knows as much of SQL as the measure models use: WITH, UNION, sub-queries, JOIN. What it does not
know, it refuses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_TOKEN = re.compile(r"'(?:[^']|'')*'|[a-z_][a-z0-9_]*|[0-9]+(?:\.[0-9]+)?|::|[<>=!]+|\S", re.I)
_CLAUSES = frozenset({"where", "group", "having", "order", "window", "limit"})
# Words that stand for themselves; a name before a parenthesis is a function or one of these.
_WORDS = frozenset(
    {"and", "as", "between", "case", "distinct", "else", "end", "false", "filter", "in", "is"}
    | {"not", "null", "or", "then", "true", "when", "where"}
)


@dataclass(frozen=True)
class Token:
    """A word or sign, and where it stands in the text."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Expression:
    """What stands behind a column of a SELECT."""

    text: str
    tokens: tuple[str, ...]

    def names(self) -> Iterator[tuple[str | None, str]]:
        """The columns it reads: qualifier (None without one) and name."""
        for at, token in enumerate(self.tokens):
            before = self.tokens[at - 1] if at else ""
            after = self.tokens[at + 1] if at + 1 < len(self.tokens) else ""
            is_name = token[0].isalpha() or token[0] == "_"
            if is_name and token not in _WORDS and before != "::" and after not in {"(", "."}:
                yield (self.tokens[at - 2] if before == "." else None), token

    def passes_on(self, column: str) -> bool:
        """Whether it is that column of a source and nothing more."""
        return self.tokens == (column,) or (
            len(self.tokens) == 3 and self.tokens[1:] == (".", column)
        )


@dataclass(frozen=True)
class Select:
    """One SELECT: its columns, what it reads by alias, and the text of FROM and WHERE."""

    columns: dict[str, Expression]
    sources: dict[str, Source]
    passes_all_on: bool
    rows: str = field(repr=False)


# A relation's name, or a query in place of one.
Source = str | tuple[Select, ...]


def parse(sql: str) -> tuple[Select, ...]:
    """The SELECTs whose union a query is."""
    text = re.sub(r"--[^\n]*", "", sql)
    tokens = [Token(m.group().lower(), m.start(), m.end()) for m in _TOKEN.finditer(text)]
    return _Parser(text).query(tokens, {})


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text

    def query(
        self, tokens: Sequence[Token], outer: dict[str, tuple[Select, ...]]
    ) -> tuple[Select, ...]:
        known = dict(outer)
        if tokens[0].text == "with":
            at = 0
            while tokens[at].text in {"with", ","}:
                name, at = tokens[at + 1].text, at + 3  # `name as (`
                end = _closing(tokens, at)
                known[name] = self.query(tokens[at + 1 : end], known)
                at = end + 1
            tokens = tokens[at:]
        branches = _split(tokens, {"union"})
        return tuple(
            self._select(branch[1:] if branch[0].text == "all" else branch, known)
            for branch in branches
        )

    def _select(self, tokens: Sequence[Token], known: dict[str, tuple[Select, ...]]) -> Select:
        if tokens[0].text != "select":
            raise ValueError(f"not a SELECT: {self._between(tokens)}")
        listed, *read = _split(tokens[1:], {"from"})
        if len(read) != 1:
            raise ValueError(f"not one FROM: {self._between(tokens)}")
        columns: dict[str, Expression] = {}
        passes_all_on = False
        for item in _split(listed, {","}):
            if [token.text for token in item[-2:]] in (["*"], [".", "*"]):
                passes_all_on = True
            else:
                name, expression = self._column(item)
                columns[name] = expression
        joined = _split(read[0], _CLAUSES)[0]
        rows = _split(read[0], _CLAUSES - {"where"})[0]
        return Select(columns, self._sources(joined, known), passes_all_on, self._between(rows))

    def _column(self, item: Sequence[Token]) -> tuple[str, Expression]:
        named = len(item) > 2 and item[-2].text == "as"
        tokens = item[:-2] if named else item
        texts = tuple(token.text for token in tokens)
        return item[-1].text, Expression(self._between(tokens), texts)

    def _sources(
        self, tokens: Sequence[Token], known: dict[str, tuple[Select, ...]]
    ) -> dict[str, Source]:
        sources: dict[str, Source] = {}
        for part in _split(tokens, {"join"}):
            lateral = part[0].text == "lateral"
            read = part[1:] if lateral else part
            if read[0].text == "(":
                end = _closing(read, 0)
                inner = read[1:end]
                if inner[0].text in {"select", "with"}:
                    sources[read[end + 2].text] = self.query(inner, known)
                continue
            name = read[0].text
            alias = read[2].text if len(read) > 2 and read[1].text == "as" else name
            sources[alias] = known.get(name, name)
        return sources

    def _between(self, tokens: Sequence[Token]) -> str:
        """The text of the tokens on one line."""
        text = " ".join(self._text[tokens[0].start : tokens[-1].end].split())
        return text.replace("( ", "(").replace(" )", ")")


def _closing(tokens: Sequence[Token], opening: int) -> int:
    depth = 0
    for at in range(opening, len(tokens)):
        depth += {"(": 1, ")": -1}.get(tokens[at].text, 0)
        if depth == 0:
            return at
    raise ValueError("a parenthesis is not closed")


def _split(tokens: Sequence[Token], separators: frozenset[str] | set[str]) -> list[list[Token]]:
    """The stretches between the separators that stand in no parenthesis."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth == 0 and token.text in separators:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts
