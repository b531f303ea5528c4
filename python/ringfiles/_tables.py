"""Codecs that are a table: one byte for each character, with ASCII where it always is.

They are CPython's own modules (`encodings.cp1252` and its like), and only those whose tables were
seen to make what the codec itself makes.
"""

from __future__ import annotations

import codecs
import sys
from typing import Any

from . import _ringfiles

_ASCII = bytes(range(128))
_ALL = bytes(range(256))
_NO_LETTER = "\ufffe"  # in a table: the byte means nothing

_known: dict[tuple[Any, ...], bool] = {}


def serves(codec: codecs.CodecInfo) -> bool:
    """Whether the extension has the table of this codec, from now on."""
    same = codec.name, codec.incrementaldecoder, codec.incrementalencoder
    known = _known.get(same)
    if known is None:
        known = _known[same] = _add(codec)
    return known


def _add(codec: codecs.CodecInfo) -> bool:
    module = _module_of(codec)
    decoding = getattr(module, "decoding_table", None)
    encoding = getattr(module, "encoding_table", None) or getattr(module, "encoding_map", None)
    if not isinstance(decoding, str) or encoding is None or not _is_plain(decoding):
        return False
    if not _is_that_of(codec, decoding, encoding):
        return False
    _ringfiles.add_table(codec.name, decoding, encoding)
    return True


def _module_of(codec: codecs.CodecInfo) -> Any:
    """Of what files use; None if it is not CPython's, or has a state."""
    decoder, encoder = codec.incrementaldecoder, codec.incrementalencoder
    name = getattr(decoder, "__module__", "")
    if not name.startswith("encodings.") or getattr(encoder, "__module__", "") != name:
        return None
    stateless = (codecs.IncrementalDecoder,), (codecs.IncrementalEncoder,)
    bases = getattr(decoder, "__bases__", None), getattr(encoder, "__bases__", None)
    return sys.modules.get(name) if bases == stateless else None


def _is_plain(decoding: str) -> bool:
    return (len(decoding) == len(_ALL) and decoding[:128] == _ASCII.decode("ascii")
            and min(decoding[128:]) >= "\x80")


def _is_that_of(codec: codecs.CodecInfo, decoding: str, encoding: Any) -> bool:
    decoder: Any = codec.incrementaldecoder
    encoder: Any = codec.incrementalencoder
    made = decoder("replace").decode(_ALL, True)
    letters = decoding.replace(_NO_LETTER, "") + "\ud800\u20ac\u2028\U0001f98a"
    encoded = encoder("replace").encode(letters, True)
    by_table = codecs.charmap_decode(_ALL, "replace", decoding)[0]
    encoded_by_table = codecs.charmap_encode(letters, "replace", encoding)[0]
    if not encoded.startswith(_ASCII) or made != decoding.replace(_NO_LETTER, "\ufffd"):
        return False
    return bool(made == by_table and encoded == encoded_by_table)
