"""The words in which people name a time, in five languages, without accents (helpdesk.services.when)."""
from __future__ import annotations

from datetime import time

# Several words that mean one thing, the longest first; what they are replaced by is a word of the tables below.
PHRASES = tuple(sorted({
    "day after tomorrow": "overmorrow", "the day after tomorrow": "overmorrow", "pasado manana": "overmorrow",
    "depois de amanha": "overmorrow", "besok lusa": "overmorrow", "lusa": "overmorrow", "parson": "overmorrow",
    "parso": "overmorrow",
    "tmr": "tomorrow", "tmrw": "tomorrow", "tom": "tomorrow", "besok": "tomorrow", "esok": "tomorrow",
    "manana": "tomorrow", "amanha": "tomorrow", "kal": "tomorrow",
    "hari ini": "today", "hoy": "today", "hoje": "today", "aaj": "today", "aj": "today",
    "tonight": "today evening", "malam ini": "today evening", "nanti malam": "today evening",
    "esta noche": "today evening", "hoje a noite": "today evening", "esta noite": "today evening",
    "aaj raat": "today evening", "aaj shaam": "today evening", "this evening": "today evening",
    "nanti sore": "today sore", "sore ini": "today sore", "siang ini": "today siang", "nanti siang": "today siang",
    "esta tarde": "today tarde", "hoje a tarde": "today tarde", "this afternoon": "today afternoon",
    "later today": "later_today", "later": "later_today", "nanti": "later_today", "mas tarde": "later_today",
    "mais tarde": "later_today", "baad mein": "later_today", "baad me": "later_today", "in a bit": "later_today",
    "half an hour": "half_hour", "half hour": "half_hour", "setengah jam": "half_hour", "media hora": "half_hour",
    "meia hora": "half_hour", "aadha ghanta": "half_hour", "aadhe ghante": "half_hour",
    "next week": "next_week", "minggu depan": "next_week", "pekan depan": "next_week",
    "proxima semana": "next_week", "semana que viene": "next_week", "semana que vem": "next_week",
    "semana proxima": "next_week", "agle hafte": "next_week", "agla hafta": "next_week", "agle saptah": "next_week",
    "next month": "next_month", "bulan depan": "next_month", "proximo mes": "next_month",
    "mes que viene": "next_month", "mes que vem": "next_month", "agle mahine": "next_month",
    "this weekend": "weekend", "akhir pekan": "weekend", "fin de semana": "weekend", "fim de semana": "weekend",
    "minggu lagi": "weeks lagi", "hari minggu": "sunday", "hari ahad": "sunday",
    "que viene": "coming", "que vem": "coming",
    "manana por la manana": "tomorrow morning", "tomorrow por la tomorrow": "tomorrow morning",
    "por la manana": "morning", "de la manana": "morning", "da manha": "morning", "de manha": "morning",
    "pela manha": "morning", "manana temprano": "tomorrow morning",
    "por la tarde": "tarde", "de la tarde": "tarde", "da tarde": "tarde", "a tarde": "tarde",
    "por la noche": "night", "de la noche": "night", "da noite": "night", "a noite": "night", "de noite": "night",
    "a las": "jam", "a la": "jam", "as": "jam", "a s": "jam", "at": "jam", "pukul": "jam", "pkl": "jam",
    "por volta das": "jam", "las": "jam", "um": "um",
    "a m": "am", "p m": "pm", "o clock": "oclock",
    "midday": "noon", "tengah hari": "noon", "mediodia": "noon", "al mediodia": "noon", "meio dia": "noon",
    "ao meio dia": "noon",
}.items(), key=lambda pair: -len(pair[0])))

CLOCK_WORDS = ("jam",)          # what stands before an hour, after the phrases above

FILLERS = frozenset("on in the this at for until till dalam lagi hari pada sampai hingga el la en de del para hasta "
                    "dentro este esta na no em ate o a daqui neste nesta mein me baad ko tak se ke ki this ini snooze "
                    "please from now despues despois depois jam by".split())

SOON = frozenset("in dalam en em lagi mein baad dentro de daqui a".split())      # what stands around a count

NUMBERS = {word: number for number, several in enumerate((
    "a an one satu un una uno uma um ek se", "two dua dos dois duas do couple", "three tiga tres teen",
    "four empat cuatro quatro char chaar", "five lima cinco paanch panch", "six enam seis chhah chhe",
    "seven tujuh siete sete saat", "eight delapan ocho oito aath", "nine sembilan nueve nove nau",
    "ten sepuluh diez dez das"), 1) for word in several.split()}

UNITS = {word: unit for unit, several in {
    "minutes": "m min mins minute minutes menit minuto minutos minat",
    "hours": "h hr hrs hour hours jam hora horas ghanta ghante ghanton",
    "days": "d day days hari dia dias din dino",
    "weeks": "w wk week weeks minggu pekan semana semanas hafta hafte hafton saptah",
    "months": "mo month months bulan mes meses mahina mahine"}.items() for word in several.split()}
ONE_UNITS = {"semenit": "minutes", "sejam": "hours", "sehari": "days", "seminggu": "weeks", "sepekan": "weeks",
             "sebulan": "months"}

WEEKDAYS = {word: number for number, several in enumerate((
    "monday mon lunes segunda segundafeira senin somvar somwar",
    "tuesday tue tues martes terca tercafeira selasa mangalvar mangalwar mangal",
    "wednesday wed miercoles quarta quartafeira rabu budhvar budhwar budh",
    "thursday thu thur thurs jueves quinta quintafeira kamis guruvar guruwar brihaspativar",
    "friday fri viernes sexta sextafeira jumat shukravar shukrawar shukrvar",
    "saturday sat sabado sabtu shanivar shaniwar", "sunday sun domingo minggu ahad ravivar raviwar itvar itwar"))
    for word in several.split()}
OF_NEXT_WEEK = frozenset("next depan agle agla agli".split())
COMING = frozenset("coming this proximo proxima ini is feira".split())

MONTHS = {word: number for number, several in enumerate((
    "january jan januari enero ene janeiro janvari", "february feb februari febrero fevereiro fev farvari",
    "march mar maret marzo marco", "april apr abril abr aprail", "may mei mayo maio mai",
    "june jun juni junio junho", "july jul juli julio julho julai", "august aug agustus agu agosto ago agast",
    "september sep sept septiembre setiembre setembro set sitambar",
    "october oct oktober okt octubre outubro out aktubar", "november nov noviembre novembro navambar",
    "december dec desember des diciembre dic dezembro dez disambar"), 1) for word in several.split()}

PARTS = {"morning": time(9), "pagi": time(9), "subah": time(9), "noon": time(12), "siang": time(13),
         "dopahar": time(14), "afternoon": time(14), "tarde": time(15), "sore": time(16), "evening": time(18),
         "shaam": time(18), "sham": time(18), "malam": time(19), "night": time(20), "raat": time(20),
         "noche": time(20), "noite": time(20)}
AFTER_NOON = frozenset(PARTS) - {"morning", "pagi", "subah"}
