# SPDX-License-Identifier: GPL-2.0-or-later
"""The mutants of a C file: every single small change that could be a slip of the one who wrote it.

What is changed: comparisons, && and ||, arithmetic and bit operators, ! ~ and unary minus, numbers (of tables
and enums too), true and false, conditions negated, what is returned, and statements left out.

What is not: comments, strings (wording), preprocessor lines, and what the sanitizers watch instead: sizes of
arrays in declarations and of allocations, and calls that only free. A change that does not compile is no mutant;
the compiler tells.
"""
import collections
import re

Token = collections.namedtuple("Token", "kind text start end")
Mutant = collections.namedtuple("Mutant", "file line text start end before after key")

TOKEN = re.compile(r"""
    (?P<skip>\s+|//[^\n]*|/\*.*?\*/|^[ \t]*\#(?:[^\n\\]|\\.)*)
  | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
  | (?P<number>(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)[uUlLfF]*)
  | (?P<word>[A-Za-z_]\w*)
  | (?P<mark>->|\+\+|--|<<=|>>=|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|\.\.\.|.)
""", re.X | re.M | re.S)

BINARY = {
    "<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"), "==": ("!=",), "!=": ("==",),
    "&&": ("||",), "||": ("&&",), "+": ("-",), "-": ("+",), "*": ("/",), "/": ("*",), "%": ("*",),
    "&": ("|",), "|": ("&",), "^": ("&",), "<<": (">>",), ">>": ("<<",),
    "+=": ("-=",), "-=": ("+=",), "*=": ("/=",), "/=": ("*=",), "|=": ("&=",), "&=": ("|=",),
}
PREFIX = {"!": "", "~": "", "-": ""}
STEP = {"++": "--", "--": "++"}
WORD = {"true": "false", "false": "true", "min": "max", "max": "min", "fmin": "fmax", "fmax": "fmin"}
RELATIONS = {"<", "<=", ">", ">=", "==", "!="}

CONTROL = {"if", "for", "while", "switch"}
NOT_OPERANDS = {"return", "case", "else", "do", "sizeof", "goto"} | CONTROL
TYPE_WORDS = {"struct", "enum", "union", "const", "static", "extern", "void", "char", "short", "int", "long",
              "unsigned", "signed", "float", "double", "bool", "size_t", "ssize_t", "_Static_assert", "typedef"}
FREES = re.compile(r"free|\w+_(?:free|fini|close)")
ALLOCATES = {"grow_alloc", "malloc", "calloc", "realloc"}
OPEN, CLOSE = "([{", ")]}"


def tokens_of(source):
    found, at = [], 0
    while at < len(source):
        match = TOKEN.match(source, at)
        if match.lastgroup != "skip":
            found.append(Token(match.lastgroup, match.group(), match.start(), match.end()))
        at = match.end()
    return found


def partners(tokens):
    """For each bracket the index of the other one."""
    other, stack = {}, []
    for i, token in enumerate(tokens):
        if token.kind != "mark":
            continue
        if token.text in OPEN:
            stack.append(i)
        elif token.text in CLOSE:
            other[i] = stack.pop()
            other[other[i]] = i
    return other


class Mutator:
    def __init__(self, name, source):
        self.name, self.source = name, source
        self.tokens = tokens_of(source)
        self.other = partners(self.tokens)
        self.found = []
        self.returns = ""               # type of the function at hand
        self.seen = collections.Counter()
        self.bounds = set()             # tokens within the size of an array or an allocation

    def text(self, first, last):
        return self.source[self.tokens[first].start:self.tokens[last].end]

    def add(self, first, last, after, label=None):
        start, end = self.tokens[first].start, self.tokens[last].end
        line = self.source.count("\n", 0, start) + 1
        shown = self.source.split("\n")[line - 1].strip()
        before = " ".join(self.source[start:end].split())
        told = label or after
        key = (self.name, shown, before, told)
        self.seen[key] += 1
        self.found.append(Mutant(self.name, line, shown, start, end, before, (told, after),
                                 "\0".join(key + (str(self.seen[key]),))))

    # ---- what a single token may become ---------------------------------

    def is_operand(self, i):
        """True when the token before @i ends a value, so that an operator at @i has two sides."""
        token = self.tokens[i - 1]
        if token.kind in ("number", "string"):
            return True
        if token.kind == "word":
            return token.text not in NOT_OPERANDS and not self.is_type(i - 1)
        return token.text in ")]"

    def is_type(self, i):
        word = self.tokens[i].text
        return (word in TYPE_WORDS or word.endswith("_t") or
                (i > 0 and self.tokens[i - 1].text in ("struct", "enum", "union")))

    def number(self, i):
        token = self.tokens[i]
        if token.text.lower().startswith("0x"):
            value = int(token.text.rstrip("uUlL"), 16)
        else:
            value = float(token.text.rstrip("uUlLfF"))
        if value == 0:
            self.add(i, i, "1")
            return
        self.add(i, i, "0")
        if value == 1:
            self.add(i, i, "2")
            return
        self.add(i, i, "(%s + 1)" % token.text)
        self.add(i, i, "(%s - 1)" % token.text)

    def single_token(self, i):
        token = self.tokens[i]
        if token.kind == "number":
            self.number(i)
        elif token.text in WORD:
            self.add(i, i, WORD[token.text])
        elif token.kind == "mark" and token.text in STEP:
            self.add(i, i, STEP[token.text])
        elif token.kind == "mark" and i and self.is_operand(i):
            for after in BINARY.get(token.text, ()):
                self.add(i, i, after)
        elif token.kind == "mark" and token.text in PREFIX:
            self.add(i, i, PREFIX[token.text], "nothing")

    # ---- conditions ------------------------------------------------------

    def is_single_relation(self, first, last):
        """One comparison and nothing around it: turning that round is the same change."""
        depth, marks = 0, []
        for i in range(first, last + 1):
            text = self.tokens[i].text
            depth += (text in OPEN) - (text in CLOSE)
            if depth == 0 and text in RELATIONS | {"&&", "||", "?"}:
                marks.append(text)
        negation = self.tokens[first].text == "!" and not marks
        return negation or (len(marks) == 1 and marks[0] in RELATIONS)

    def negate(self, first, last):
        if first <= last and not self.is_single_relation(first, last):
            self.add(first, last, "!(%s)" % self.text(first, last), "negated")

    def ternary(self, mark):
        first = mark
        while first > 0:
            token = self.tokens[first - 1]
            if token.text in CLOSE and token.kind == "mark":
                first = self.other[first - 1]
                continue
            if token.text in OPEN or token.text in ("=", "return", ",", ";", "?", ":", "+=", "-=", "|="):
                break
            first -= 1
        self.negate(first, mark - 1)

    # ---- statements ------------------------------------------------------

    def returned(self, first, last):
        if self.is_bool():
            if self.text(first, last) not in ("true", "false"):
                self.negate(first, last)
            return
        if first == last and self.tokens[first].kind == "number":
            return
        whole = self.text(first, last)
        if whole != "NULL":
            self.add(first, last, "0")
        if "*" in self.returns or whole == "NULL":
            return
        self.add(first, last, "((%s) + 1)" % whole, "+ 1")

    def is_bool(self):
        return "bool" in self.returns

    def is_declaration(self, first):
        here, after = self.tokens[first], self.tokens[first + 1]
        return here.kind == "word" and (self.is_type(first) or after.kind == "word" or
                                        here.text.startswith("OWN_"))

    def end_of(self, first):
        """The semicolon that ends the statement, or None when a block comes first."""
        i = first
        while i < len(self.tokens):
            text = self.tokens[i].text
            if text == ";":
                return i
            if text in CLOSE and self.tokens[i].kind == "mark":
                return None
            if text == "{" and self.tokens[i - 1].text == ")" and self.is_block(first, i):
                return None
            i = self.other[i] + 1 if text in OPEN and self.tokens[i].kind == "mark" else i + 1
        return None

    def is_block(self, first, brace):
        """`each(...) {` opens a block, `x = (struct y){` does not."""
        return self.other[brace - 1] == first + 1

    def statement(self, i):
        """Looks at the statement from @i on and returns where the next one starts."""
        text = self.tokens[i].text
        if text in ("{", "}", ";", "else", "do"):
            return i + 1
        if text in CONTROL:
            close = self.other[i + 1]
            if text in ("if", "while"):
                self.negate(i + 2, close - 1)
            return close + 1
        if text in ("case", "default"):
            while self.tokens[i].text != ":":
                i += 1
            return i + 1
        end = self.end_of(i)
        if end is None:                 # a loop by macro
            return self.other[i + 1] + 1 if self.tokens[i + 1].text == "(" else i + 1
        if text == "return":
            if end > i + 1:
                self.returned(i + 1, end - 1)
            else:
                self.add(i, end, ";", "dropped")
        elif self.is_declaration(i):
            self.array_bounds(i, end)
        elif not FREES.fullmatch(text):
            self.add(i, end, ";", "dropped")
        return end + 1

    def array_bounds(self, first, end):
        i = first
        while i < end and self.tokens[i].text != "=":
            if self.tokens[i].text == "[":
                self.bounds.update(range(i, self.other[i]))
            i += 1

    def body(self, brace):
        i = brace + 1
        while i < self.other[brace]:
            i = self.statement(i)

    def signature(self, brace):
        first = self.other[brace - 1]
        start = first
        while start > 0 and self.tokens[start - 1].text not in (";", "}"):
            start -= 1
        self.returns = self.text(start, first - 1)

    def all(self):
        i, start = 0, 0
        while i < len(self.tokens):
            text = self.tokens[i].text
            if text == "{" and self.tokens[i - 1].text == ")":
                self.signature(i)
                self.body(i)
            elif text == "{" and self.tokens[start].text in ("struct", "union") and i <= start + 2:
                self.bounds.update(range(i, self.other[i]))     # members
            elif text == "[":
                if not any(self.tokens[k].text == "=" for k in range(start, i)):
                    self.bounds.update(range(i, self.other[i]))
            if text in OPEN and self.tokens[i].kind == "mark" and text != "[":
                i = self.other[i]
            i += 1
            if text == ";":
                start = i
            elif text == "{" and i < len(self.tokens) and self.tokens[i].text not in ("=", ";", ","):
                start = i
        for i, token in enumerate(self.tokens):
            if token.text in ALLOCATES:
                self.bounds.update(range(i, self.other[i + 1]))
        for i, token in enumerate(self.tokens):
            if i not in self.bounds:
                self.single_token(i)
                if token.text == "?" and token.kind == "mark":
                    self.ternary(i)
        return sorted(self.found, key=lambda m: (m.start, m.end))


def mutants_of(name, source):
    return Mutator(name, source).all()


def mutated(source, mutant):
    return source[:mutant.start] + mutant.after[1] + source[mutant.end:]
