"""The models' 64 symbols: single characters, the puzzles' words, and four specials; and the tokenizer's files."""

from __future__ import annotations

import json
import re
from pathlib import Path

__all__ = ["BOT", "END", "PAD", "SYMBOLS", "USER", "decode", "encode", "write_tokenizer"]

_SPECIALS = ("<pad>", "<unk>", "<user>", "<bot>", "<end>")
_WORDS = ("Sort", "Reverse", "Largest", "Count", "Add", "Digits", "Answers")
_CHARACTERS = tuple("abcdefghijklmnopqrstuvwxyz0123456789 \n#=?-+*/.,:;()!")
SYMBOLS = (*_SPECIALS, *_WORDS, *_CHARACTERS)
assert len(SYMBOLS) == 64
PAD, UNKNOWN, USER, BOT, END = range(len(_SPECIALS))

_PIECE = r"[A-Z][a-z]+|[\s\S]"
_INDEX = {symbol: i for i, symbol in enumerate(SYMBOLS)}
_TEMPLATE = (
    "{% for message in messages %}{% if message['role'] == 'user' %}<user>{{ message['content'] }}"
    "{% elif message['role'] == 'assistant' %}<bot>{{ message['content'] }}<end>{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<bot>{% endif %}"
)


def encode(text: str) -> list[int]:
    """Numbers of the symbols of a text; unknown characters are `<unk>`."""
    return [_INDEX.get(piece, UNKNOWN) for piece in re.findall(_PIECE, text)]


def decode(tokens: list[int]) -> str:
    """The text up to the end symbol, without specials."""
    if END in tokens:
        tokens = tokens[: tokens.index(END)]
    return "".join(SYMBOLS[t] for t in tokens if t >= len(_SPECIALS))


def write_tokenizer(folder: Path) -> None:
    """The files that `transformers` and vLLM read: `tokenizer.json`, its configuration and the chat template."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel(dict(_INDEX), unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(_PIECE), behavior="isolated")
    tokenizer.decoder = decoders.Fuse()
    tokenizer.add_special_tokens([AddedToken(special, special=True, normalized=False) for special in _SPECIALS])
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "pad_token": "<pad>",
        "unk_token": "<unk>",
        "eos_token": "<end>",
        "model_max_length": 256,
        "clean_up_tokenization_spaces": False,
        "chat_template": _TEMPLATE,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")
