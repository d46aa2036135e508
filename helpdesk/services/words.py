"""How text is prepared for comparison: one spelling per word, words, and their pieces. Pure functions.

Scripts are treated alike, but an accent is dropped only from scripts where it may be left out by a hurried writer:
the vowel signs of Devanagari and its relatives are combining marks too, and carry the word.
"""
from __future__ import annotations

import re
import unicodedata

# A combining mark is no \w to Python, so that a plain \w+ would cut Hindi words at each vowel sign.
WORD = re.compile(r"(?:[^\W_]|[\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff\u0e31"
                  r"\u0e34-\u0e3a\u0e47-\u0e4e])+")
APOSTROPHE = re.compile(r"(?<=\w)['’ʼ](?=\w)")
# Latin, Greek and Cyrillic accents, Arabic vowel points, the Devanagari dot that borrowed sounds carry, joiners.
DROPPED = re.compile(r"[\u0300-\u036f\u064b-\u0652\u0670\u093c\u200b-\u200d\u2060\ufeff]")
STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
SENTENCE_END = re.compile(r"(?<=[.!?。।…])\s+|\n+")

# Function words of the five languages the assistant speaks. They decide little on their own, yet "how", "why" and
# "not" tell questions apart, so they are kept with a small weight.
FUNCTION_WORDS = {
    "en": """a an the i im ive id me my mine we us our you your it its is are was were be been am do does did doing
        done have has had can could would should will shall may might must to of in on at for with from by about as
        into this that these those there here and or but if so than then just some any not no dont didnt doesnt cant
        isnt wont what whats how why when where which who whom need want know tell like get got let us also very
        really am they them their he she his her because still even again""",
    "id": """yang di ke dari dan atau ini itu untuk pada dengan saya aku gue gua kami kita kamu anda apa apakah
        bagaimana gimana kapan mana dimana kenapa mengapa siapa berapa bisa bisakah dapat mau ingin ada tidak tak gak
        ga nggak enggak bukan belum sudah udah akan telah juga saja aja kok sih dong deh ya nya itu jika kalau kalo
        karena lagi masih tapi tetapi agar supaya oleh adalah seperti""",
    "es": """el la los las un una unos unas de del al a en y o u que qué como cómo cuando cuándo donde dónde por para
        con sin mi mis tu tus su sus yo me te se lo le les nos es son está estoy están era fue ser estar hay no si sí
        ya muy más pero porque cual cuál quien quién cuanto cuánto cuesta puedo puede pueden tengo tiene quiero
        quisiera necesito he ha han este esta esto ese esa eso""",
    "pt": """o a os as um uma uns umas de do da dos das em no na nos nas por para pra com sem e ou que quê como quando
        onde porque qual quais quem quanto quanta eu me meu minha meus minhas você voce vocês seu sua ele ela nós é
        são está estou estão foi ser estar há tem tenho não nao sim já muito mais mas posso pode podem quero gostaria
        preciso isso este esta esse essa até""",
    "hi": """है हैं हूँ हूं था थी थे का की के को से में पर और या यह वह ये वे मैं मेरा मेरी मेरे मुझे हम हमारा आप आपका
        आपकी आपके तुम क्या कैसे कब कहाँ कहां क्यों कौन कितना कितने कितनी नहीं न ना हो होता होती होगा होगी रहा रही रहे
        कर करना करने करें सकता सकती सकते चाहिए लिए तो भी ही कि जो अगर एक
        hai hain hoon hu tha thi ka ki ke ko se mein par aur ya yeh ye woh main mera meri mere mujhe hum aap aapka kya
        kaise kab kahan kyon kyun kaun kitna kitne kitni nahi nahin ho hota hoga raha rahi rahe kar karna karne sakta
        sakti chahiye liye toh bhi hi agar ek""",
}
# Said before or after the matter itself.
COURTESY = """hi hello hey dear sir madam team good morning afternoon evening day please kindly thanks thank thx cheers
    regards halo hai min kak gan pagi siang sore malam selamat mohon tolong terima kasih makasih hola buenas buenos
    dias tardes noches favor gracias saludos ola oi bom boa dia tarde noite obrigado obrigada namaste namaskar नमस्ते
    नमस्कार कृपया धन्यवाद शुक्रिया dhanyavad shukriya kripya""".split()


def fold(text: str) -> str:
    """One spelling for what people mean alike: width, case, accents, stretched letters, apostrophes."""
    text = APOSTROPHE.sub("", unicodedata.normalize("NFKC", text)).casefold()
    text = DROPPED.sub("", unicodedata.normalize("NFKD", text))
    return STRETCHED.sub(r"\1\1", unicodedata.normalize("NFC", text))


def words(text: str) -> list[str]:
    """The folded words of a text, punctuation gone."""
    return WORD.findall(fold(text))


LIGHT = {language: frozenset(words(listed)) for language, listed in FUNCTION_WORDS.items()}
FUNCTION = frozenset().union(*LIGHT.values())
POLITE = frozenset(words(" ".join(COURTESY)))


def matter(listed: list[str]) -> list[str]:
    """Without words of courtesy at both ends, unless nothing else is left."""
    start, end = 0, len(listed)
    while start < end and listed[start] in POLITE:
        start += 1
    while end > start and listed[end - 1] in POLITE:
        end -= 1
    return listed[start:end] or listed


def sentences(text: str, limit: int = 8) -> list[str]:
    """The first `limit` sentences or lines that have at least two words."""
    return [part.strip() for part in SENTENCE_END.split(text) if len(words(part)) > 1][:limit]


def pieces(word: str) -> list[str]:
    """The letter groups of a word by which misspelt and inflected forms still resemble it."""
    if word[0] >= "⺀":                 # scripts without spaces: a "word" is a phrase, one or two signs are a word
        return [word[i:i + n] for n in (1, 2) for i in range(len(word) - n + 1)]
    padded = f" {word} "
    return [padded[i:i + n] for n in (3, 4, 5) for i in range(len(padded) - n + 1)]
