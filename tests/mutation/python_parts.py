"""Which parts of a Python file are SQL, and which mutants change nothing that runs."""

from __future__ import annotations

import ast
import re

_STATEMENT = re.compile(
    r"\b(select|insert into|update|delete from|where|order by|group by|from|join|copy|values)\b"
)


def lines_of_sql(text: str) -> set[int]:
    """The numbers of the lines in which a string is, or goes on with, a statement in SQL."""
    tree = ast.parse(text)
    documentation = _documentation(tree)
    return {
        number
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant | ast.JoinedStr)
        and node not in documentation
        and _is_sql(node)
        for number in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }


def is_another_program(text: str, mutated: str) -> bool:
    """Whether a mutated file still parses, and does something else than before. Annotations and
    documentation strings do nothing here."""
    try:
        tree = ast.parse(mutated)
    except (SyntaxError, ValueError):
        return False
    return _what_runs(tree) != _what_runs(ast.parse(text))


def _is_sql(node: ast.Constant | ast.JoinedStr) -> bool:
    if isinstance(node, ast.JoinedStr):
        return any(_is_sql(part) for part in node.values if isinstance(part, ast.Constant))
    return isinstance(node.value, str) and len(_STATEMENT.findall(node.value)) > 1


def _documentation(tree: ast.Module) -> set[ast.Constant]:
    """The strings that are statements of their own."""
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


def _what_runs(tree: ast.Module) -> str:
    documentation = _documentation(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
        elif isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.Constant) and node in documentation:
            node.value = None
    return ast.dump(_WithoutTypes().visit(tree))


class _WithoutTypes(ast.NodeTransformer):
    """A variable's annotation is no part of the program."""

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(None)
        return node
