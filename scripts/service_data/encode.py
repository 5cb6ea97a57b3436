"""The format of the data file. `src/services/format.rs` reads it.

Everything is a stream of variable-length integers. A service is a chunk of its own, so that a
program reads only the services it asks for. Texts are made of words that all chunks share, which
halves them.
"""

import re
import zlib
from collections import Counter

MAGIC = b"RBSD\x01"
# Words with a code below this take one byte.
SHORT = 160
NEW_SHAPE = 20
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|.", re.DOTALL)


def varint(number, out):
    while number >= 128:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)


def deflate(data):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15, 9)
    return packer.compress(bytes(data)) + packer.flush()


class Words:
    """The words that texts are made of."""

    def __init__(self, texts):
        counts = Counter()
        for text in texts:
            counts.update(WORD.findall(text))
        single = {character for word in counts for character in word}
        kept = [word for word, count in counts.items() if count > 1 or word in single]
        kept += sorted(single - set(kept))
        # Frequent words first: they get the short codes. Ties in a fixed order.
        self.words = sorted(kept, key=lambda word: (-counts[word], word))
        self.codes = {word: code + 1 for code, word in enumerate(self.words)}
        if len(self.words) >= SHORT + (256 - SHORT) * 256:
            raise SystemExit("there are more words than codes")

    def encode(self, text, out):
        for word in WORD.findall(text):
            for part in [word] if word in self.codes else word:
                code = self.codes[part]
                if code < SHORT:
                    out.append(code)
                else:
                    code -= SHORT
                    out += bytes([SHORT + code // 256, code % 256])
        out.append(0)


class Chunk:
    """Named columns, each written as its length and its bytes."""

    def __init__(self, names):
        self.columns = {name: bytearray() for name in names}
        self.texts = {}

    def text(self, text, column):
        """Names a text: 0 for the next new one, else how to find it again."""
        if text in self.texts:
            varint(self.texts[text] + 1, self.columns[column])
        else:
            self.texts[text] = len(self.texts)
            varint(0, self.columns[column])

    def __getitem__(self, name):
        return self.columns[name]

    def finish(self, words):
        out = bytearray()
        varint(len(self.texts), out)
        column = bytearray()
        for text in self.texts:
            words.encode(text, column)
        for data in [column, *self.columns.values()]:
            varint(len(data), out)
            out += data
        return out


def plain(text, out):
    data = text.encode()
    varint(len(data), out)
    out += data
