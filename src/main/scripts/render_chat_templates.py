"""What transformers makes of chat templates, for the tests of our own interpreter.

collect OUT.jsonl: the templates that the installed packages TRL and transformers bring, as {"name", "template"}: files
that end in .jinja, and constants of their Python sources that look like one.

render CASES.jsonl OUT.jsonl: for each case {"template", "variables"} a line {"text", "spans"} or {"refused"}. The
variables are what apply_chat_template passes: messages, tools, documents, add_generation_prompt and others. No template
is told the date.
"""
import ast
import importlib.util
import json
import sys
import warnings
from pathlib import Path

# transformers says that no deep-learning library is there, Python that a template has odd escapes.
warnings.simplefilter("ignore")

PACKAGES = ("trl", "transformers")
# What a string is a chat template by.
MARKS = ("{%", "messages", "endfor")


def strings(path):
    """The string constants of a Python source, those joined by + or in parentheses whole."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, (ast.Constant, ast.BinOp)):
            try:
                value = ast.literal_eval(node) if isinstance(node, ast.Constant) else joined(node)
            except ValueError:
                continue
            if isinstance(value, str):
                yield value


def joined(node):
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return joined(node.left) + joined(node.right)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise ValueError("not a string")


def collect(out):
    seen = set()
    with open(out, "w", encoding="utf-8") as lines:
        for package in PACKAGES:
            root = Path(importlib.util.find_spec(package).submodule_search_locations[0])
            found = [(path, path.read_text(encoding="utf-8")) for path in sorted(root.rglob("*.jinja"))]
            for path in sorted(root.rglob("*.py")):
                found += [(path, text) for text in strings(path) if all(part in text for part in MARKS)]
            for path, template in found:
                if template not in seen:
                    seen.add(template)
                    name = f"{package}/{path.relative_to(root)}"
                    lines.write(json.dumps({"name": name, "template": template}) + "\n")


def rendered(case):
    from transformers.utils import chat_template_utils as chat

    template, variables = case["template"], dict(case["variables"])
    try:
        chat._compile_jinja_template(template).environment.globals.pop("strftime_now", None)
        messages = variables.pop("messages")
        text, spans = chat.render_jinja_template(
            [messages], chat_template=template, return_assistant_tokens_mask=True, **variables
        )
        text[0].encode("utf-8")
        return {"text": text[0], "spans": spans[0]}
    except RecursionError:
        return {"refused": "RecursionError"}
    except Exception as refused:  # whatever a template may do wrong
        return {"refused": f"{type(refused).__name__}: {refused}"[:300]}


def render(cases, out):
    with open(cases, encoding="utf-8") as lines, open(out, "w", encoding="utf-8") as results:
        for line in lines:
            results.write(json.dumps(rendered(json.loads(line))) + "\n")


if __name__ == "__main__":
    {"collect": collect, "render": render}[sys.argv[1]](*sys.argv[2:])
