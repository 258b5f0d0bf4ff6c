"""Secrets that are written where only their names may stand: found, and refused without being shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlsplit

from workbench.data.origins.secrets import HOW, REFERENCE, masked, restored
from workbench.errors import BadRequest

_SENSITIVE = re.compile(
    r"passw|passphrase|passcode|pwd|secret|token|signature|credential|apikey|accesskey|connectionstring|cookie|bearer"
    r"|sess(ion)?id|authorization|key$|^(sig|sas|auth|pass|pw|jwt)$"
)
"""Names of what is no business of anybody's, in small letters and without what divides their words."""
_HARMLESS = re.compile(
    r"signature(version|method)$|tokens$|tokeniz|token(url|uri|endpoint)$|(page|next|continuation|sync)token$"
    r"|(sort|order|primary|partition|group|row|public|foreign|index|object|cache|ssl|mon|tur|don)key$"
)
_ALSO_CODES = 20
"""From so many characters on, what is called a code is a secret; a country's is shorter."""
_KEY_FILE = re.compile(r"[^\s;=]+\.(json|pem|key|p12|pfx|crt|cer|der|ppk)", re.IGNORECASE)
_WAYS = ("anon", "cloud", "browser", "google_default")
"""What gcsfs takes for a token, and is none."""
_CLOSED = ("headers", "cookies")
"""Ends of the names of options of which each value may be a secret, whatever it is called."""
_OPEN_HEADER = re.compile(r"accept.*|useragent|range|contenttype|cachecontrol|pragma|prefer|xmsversion")
_NAMED = re.compile(
    r"(?:(?:bearer|basic|token|oauth|api-?key|key|ssws) +)?(?:[\w.-]+=\"?)?\0\"?(?:[;,] *(?:[\w.-]+=\"?)?\0\"?)*",
    re.IGNORECASE,
)
"""A header's value of which all that counts is named; each name is a zero character here."""
_ASSIGNED = re.compile(r"([\w.-]+)[\"']?\s*=\s*[\"']?(?!\{?\0)[^\s\"';&,()%\[*?.|\\<>]")
"""A value after its name, within a text; what a pattern to search by begins with is none."""
_ARGUMENT = re.compile(r"(\w+)\s*(?::=|=>)\s*'(?!\0)[^']")
"""A text given to a parameter of a function by its name, in SQL."""
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"<>]+")
_CHAINED = re.compile(r"::(?=[a-z][a-z0-9+.-]*://)")
_TELLTALE = re.compile(
    r"\b(gh[a-z]_\w{20}|github_pat_\w{20}|glpat-[\w-]{16}|hf_[A-Za-z0-9]{20}|xox[a-z]-[\w-]{10}|dapi[0-9a-f]{32}"
    r"|eyJ[\w-]{10,}\.eyJ[\w-]{10}|Bearer +[\w.~+/=-]{16})|-----BEGIN [A-Z ]*PRIVATE KEY"
)
"""How tokens begin that say themselves what they are."""
_WEB = ("http", "https")
_USERS = ("abfs", "abfss", "wasb", "wasbs", "adl", "sftp", "ssh", "ftp", "ftps", "smb", "hdfs", "webhdfs")
"""Addresses in which a user, or a container, stands before the @; elsewhere a token may."""
_WITHOUT_LOGIN = "github"
"""Where owner, repository and branch are divided by what else divides a login."""


def check_address(url: str) -> None:
    """Refuse an address of a store or of the web, or of one within another, in which a secret stands.

    Raises
    ------
    BadRequest
        ``data.secret_literal``; ``data.source_invalid`` when it is no address.
    """
    text, references = masked(url)
    for link in _CHAINED.split(text):
        parts = _split(link)
        _check_login(parts, references)
        for pairs in (parts.query, parts.fragment, parts.path.partition(";")[2].replace(";", "&")):
            check_pairs(
                [(name, restored(value, references)) for name, value in parse_qsl(pairs, keep_blank_values=True)],
                of="the address",
            )
    if _TELLTALE.search(text):
        raise literal("a part", "the address")


def check_options(options: Mapping[str, Any], *, of: str) -> None:
    """Refuse options of which one is a secret and not the name of one, however deep it lies.

    Raises
    ------
    BadRequest
        ``data.secret_literal``.
    """
    for name, value in options.items():
        _check_option(str(name), value, of, closed=False)


def check_pairs(pairs: Iterable[tuple[str, str]], *, of: str) -> None:
    """Refuse secrets in what follows the question mark of an address.

    Raises
    ------
    BadRequest
        ``data.secret_literal``.
    """
    for name, value in pairs:
        if is_literal(name, value):
            raise literal(f"the part {name}=", of)


def check_query(query: str, texts: Iterable[str]) -> None:
    """Refuse a query in which a secret stands: in one of its texts, or given to a function by name.

    A column may be called as a secret is, and be compared with what it likes.

    Parameters
    ----------
    texts
        Its texts, as `workbench.data.origins.statement.texts` finds them.

    Raises
    ------
    BadRequest
        ``data.secret_literal``.
    """
    zeroed = _zeroed(query)
    given = (found[1] for found in _ARGUMENT.finditer(zeroed))
    if any(map(_is_sensitive, given)) or _is_telling(zeroed) or any(map(_holds_secret, texts)):
        raise literal("a text", "the query")


def is_literal(name: str, value: str) -> bool:
    """Whether a value of such a name is a secret itself, or holds one."""
    bare = REFERENCE.sub("", value)
    if _is_sensitive(name):
        return bool(bare) and bare not in _WAYS and not _KEY_FILE.fullmatch(value)
    return (_squeezed(name) == "code" and len(bare) >= _ALSO_CODES) or _holds_secret(value)


def literal(where: str, of: str, *, is_sure: bool = True) -> BadRequest:
    """Say that a secret stands, or may stand, where only its name may."""
    stands = "stands" if is_sure else "may stand"
    return BadRequest(
        "data.secret_literal", f"A secret {stands} in {where} of {of}; it would be stored with the source.", hint=HOW
    )


def _split(link: str) -> SplitResult:
    try:
        parts = urlsplit(link)
    except ValueError:
        parts = None
    if parts is None or (parts.scheme in _WEB and not parts.netloc):
        # Beyond the handler: what the library says has the address in it.
        raise BadRequest("data.source_invalid", "That is no address: what stands between its slashes is no server.")
    return parts


def _check_login(parts: SplitResult, references: Mapping[str, str]) -> None:
    if parts.scheme == _WITHOUT_LOGIN:
        return
    login, _, place = parts.netloc.rpartition("@")
    user, _, password = (restored(part, references) for part in login.partition(":"))
    port = place.rpartition(":")[2]
    # A password with a slash in it ends the server's name, and begins as its port.
    is_torn = not login and ":" in place and not port.isdigit() and "]" not in port and "@" in parts.path
    if (is_torn and port not in references) or REFERENCE.sub("", password):
        raise literal("the password", "the address")
    if not password and REFERENCE.sub("", user) and parts.scheme not in _USERS:
        raise literal("what precedes the @", "the address", is_sure=False)


def _check_option(name: str, value: Any, of: str, *, closed: bool) -> None:
    closed = closed or _squeezed(name).endswith(_CLOSED)
    if isinstance(value, Mapping):
        for inner, item in value.items():
            _check_option(str(inner), item, of, closed=closed)
    elif isinstance(value, list | tuple):
        for item in value:
            _check_option(name, item, of, closed=closed)
    elif value is None or isinstance(value, bool) or value == "":
        return
    elif is_literal(name, str(value)) and not (closed and _is_named(str(value))):
        raise literal(f"the option {name}", of)
    elif closed and not _OPEN_HEADER.fullmatch(_squeezed(name)) and not _is_named(str(value)):
        raise literal(f"the option {name}", of, is_sure=False)


def _is_named(value: str) -> bool:
    return bool(_NAMED.fullmatch(_zeroed(value)))


def _is_sensitive(name: str) -> bool:
    squeezed = _squeezed(name)
    return bool(_SENSITIVE.search(squeezed)) and not _HARMLESS.search(squeezed)


def _holds_secret(text: str) -> bool:
    """Whether a secret stands in a free text: after its name, in an address, or as what cannot be anything else."""
    zeroed = _zeroed(text)
    return _is_telling(zeroed) or any(_is_sensitive(found[1]) for found in _ASSIGNED.finditer(zeroed))


def _is_telling(zeroed: str) -> bool:
    return bool(_TELLTALE.search(zeroed)) or any(map(_has_login, _ADDRESS.findall(zeroed)))


def _has_login(address: str) -> bool:
    scheme, _, rest = address.partition("://")
    login, at, _ = re.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")
    user, _, password = login.partition(":")
    is_token = not password and scheme.lower() in _WEB and user.strip("\0")
    return bool(at) and bool(password.strip("\0") or is_token)


def _zeroed(text: str) -> str:
    return REFERENCE.sub("\0", text)


def _squeezed(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
