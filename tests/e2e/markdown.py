"""The code blocks of a page, and the commands in them."""

import re
import shlex

FENCE = re.compile(r"^(\s*)```(.*)$")
HEREDOC = re.compile(r"<<-?\s*'?(\w+)'?")
NAMED_FILE = re.compile(r"`([\w.-]+\.json)`")


class Block:
    """A fenced block. `info` is what stands behind the fence ("json", "bash", "json reply"), `line` where it begins;
    `section` the heading of level 2 above it, `name` the file that the text right before it says it is."""

    def __init__(self, page, line, info, text, section, name):
        self.page, self.line, self.info, self.text, self.section, self.name = page, line, info, text, section, name

    def __str__(self):
        return f"{self.page.name}:{self.line}"

    def script(self):
        """The commands of a shell block, a console's without what they print; heredocs and all."""
        if self.info != "console":
            return self.text
        return "".join(line[2:] + "\n" for line in self.text.splitlines() if line.startswith("$ "))


def blocks_of(page):
    blocks, section, paragraph, lines = [], "", "", iter(enumerate(page.read_text(encoding="utf-8").splitlines(), 1))
    for number, line in lines:
        fence = FENCE.match(line)
        if not fence:
            if line.startswith("## "):
                section = line[3:]
            if line.strip():
                paragraph = line
            continue
        text = ""
        for _, inner in lines:
            if FENCE.match(inner):
                break
            text += inner + "\n"
        named = NAMED_FILE.match(paragraph)
        blocks.append(Block(page, number, fence.group(2).strip(), text, section, named.group(1) if named else None))
        paragraph = ""
    return blocks


def inline_commands(page):
    """`sisyphus …` in running text."""
    text = re.sub(r"^\s*```.*?^\s*```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [" ".join(code.split()) for code in re.findall(r"`(sisyphus [^`]+)`", text)]


def heredocs(script):
    """(the line that opens it, its text) of each here-document."""
    found, lines = [], iter(script.splitlines())
    for line in lines:
        opening = HEREDOC.search(line)
        if opening:
            text = ""
            for inner in lines:
                if inner.strip() == opening.group(1):
                    break
                text += inner + "\n"
            found.append((line, text))
    return found


def without_heredocs(script):
    kept, end = [], None
    for line in script.splitlines():
        if end is None:
            kept.append(line)
            opening = HEREDOC.search(line)
            end = opening.group(1) if opening else None
        elif line.strip() == end:
            end = None
    return "\n".join(kept) + "\n"


def commands(script):
    """Every simple command of a script, as words: what stands between ; | & and line ends."""
    lexer = shlex.shlex(without_heredocs(script).replace("\\\n", " ").replace("\n", " ;\n"), posix=True,
                        punctuation_chars=";|&<>()")
    lexer.commenters = "#"
    words, found = [], []
    for word in lexer:
        if set(word) <= set(";|&()"):
            found.append(words)
            words = []
        else:
            words.append(word)
    return [one for one in (*found, words) if one]


def sisyphus_words(words):
    """What follows the program's name, when that is ours: variables, sudo and the like may stand before it."""
    while words and ("=" in words[0] or words[0] in ("sudo", "exec", "nohup", "then", "do", "!")):
        words = words[1:]
    return words[1:] if words and words[0].rpartition("/")[2] == "sisyphus" else None
