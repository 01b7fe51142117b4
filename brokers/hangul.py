"""Korean initial consonants (초성), for finding a name by typing ㅅㅅㅈㅈ."""

INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_FIRST, _LAST = ord("가"), ord("힣")
_PER_INITIAL = 21 * 28  # Unicode lays syllables out as initial x 21 vowels x 28 finals


def initials_of(name: str) -> str:
    """삼성전자 -> ㅅㅅㅈㅈ; other characters stay, in upper case."""
    return "".join(_initial(character) for character in name.upper() if not character.isspace())


def is_initials(text: str) -> bool:
    return any(character in INITIALS for character in text)


def _initial(character: str) -> str:
    code = ord(character)
    return INITIALS[(code - _FIRST) // _PER_INITIAL] if _FIRST <= code <= _LAST else character
