"""What mail programs write around old mail, by language: en id es pt fr de it nl sv da no fi pl ru uk ja zh hi ar tr ko
cs hu vi ro el he th. Samples of each are in tests/channels/mail_languages.py.

Every pattern is tried on one line (or a few joined ones) of bounded length, and none nests a repetition.
"""
import re

INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")   # direction marks of ar and he


def _words(*phrases: str) -> str:
    return "|".join(phrases)


WROTE = re.compile(r"\b(?:" + _words(
    "wrote|said|writes|replied", "menulis", "escribi[óo]|escribe|ha escrito", "escreveu", "a écrit|écrit|a scrit",
    "schrieb|schrieben|geschrieben|schreift", "ha scritto|scritto|scrive", "schreef|geschreven", "skrev|skrivit",
    "kirjoitti", "napisała?|pisze|napisana przez", "писала?|написала?|пишет", "написав|написала|пише|написа",
    "yazdı|yazmış", "napsala?|odesílatel|napísala?", "írta", "đã viết", "a scris", "έγραψε", "rašė")
    + r")\b|" + _words(
    r"napisał\(a\)|написал\(а\)|написав\(ла\)|napsal\(a\)", "ने लिखा|लिखा", "كتب|كتبت|كتابة ما يلي",
    "写道|寫道|写了|来信",
    "書きました|書き込みました|のメッセージ|のメール|さんは", "님이 작성|작성:", "כתב", "เขียน"), re.I)
OPENS = re.compile(
    r"^[\s*_>-]*(?:On|Am|Um|Le|El|En|Em|Às|No dia|Il|In data|Op|Den|På|Pada|Tanggal|Pe|În|Dnia|W dniu|Dne|Dňa|Vào|Στις"
    r"|Tarih|Vendredi|A|Na|Ons|Tor|Fre|Man|Tir|Mon|Tue|Wed|Thu|Fri|Sat|Sun|Lun|Mar|Mer|Jeu|Ven|Sam|Dim|В|На|เมื่อ|"
    r"ons|tors|fredag|lördag|söndag|måndag|tisdag|onsdag|torsdag|пн|вт|ср|чт|пт|сб|вс|нд|po|út|st|čt|pá|so|ne"
    r"|\d{1,4}[-./年년 ]|[vsp][a-z]{1,3}\.? \d|"
    r"सोम|मंगल|बुध|गुरु|शुक्र|शनि|रवि|في|بتاريخ|בתאריך|在|于|於|le|on|am)(?:[\s,.]|\b|(?=\d))", 0)
DATED = re.compile(r"\d{1,4}[-./年년 ,]|\d{1,2}:\d{2}|@")
FULL_DATE = re.compile(r"\d{1,4}[-./]\s?\d{1,2}[-./]\s?\d{1,4}|\d{4}[年년]|\b(?:19|20)\d\d\b|[०-९]{4}|[٠-٩]{4}")
ADDRESSED_DATE = re.compile(r"^[\s*]*(?:\d{4}[-/]\d{1,2}[-/]\d{1,2}|\d{1,2}[-/. ]\S{1,9}[-/. ]\d{2,4}"
                            r"|\w{3}, \d).{0,120}<[^<>]{0,100}@[^<>]{0,100}>:?$")

ORIGINAL = re.compile(
    r"^[\s>*_#=-]*(?:-{1,}|_{2,}|={2,})\s*(?:\*?)(?:" + _words(
        "Original[- ](?:Message|E?-?mail|Appointment)", "Ori?ginal Message|Reply [Mm]essage|Reply to|Original Besked",
        "Pesan [Aa]sli", "Mensaje original", "Mensagem [Oo]riginal", "Message d.origine|Message original",
        "Ursprüngliche (?:Nachricht|E-?Mail)|Originalnachricht|Urspr. Nachricht|Antwort Nachricht",
        "Messaggio originale", "Origineel bericht|Oorspronkelijk bericht", "Ursprungligt meddelande|Originalmeddelande",
        "Oprindelig (?:meddelelse|besked)|Originalmeddelelse", "Opprinnelig melding|Originalmelding",
        "Alkuperäinen viesti", "Wiadomość oryginalna|Oryginalna wiadomość", "(?:Исходное|Оригинальное) сообщение",
        "(?:Початкове|Оригінальне) повідомлення", "元のメッセージ|Original Message", "原始邮件|原邮件|原始郵件",
        "मूल संदेश", "الرسالة الأصلية", "Özgün İleti|Orijinal Mesaj", "원본 메시지|원본 메일", "Původní zpráva",
        "Eredeti üzenet", "Mesajul original", "Αρχικό μήνυμα", "ההודעה המקורית|הודעה מקורית", "Thư gốc", "Original")
    + r")(?=$|[\s:：_=*-])[^\n]{0,60}$", re.I)
_PASSED_ON = _words(
    "Forwarded (?:by|message|mail|email)|E-?mail forwarded", "Pesan (?:terusan|yang diteruskan)",
    "Mensaje (?:reenviado|adelantado)", "Mensagem (?:re)?encaminhada|Mensagem reenviada",
    "(?:du )?message (?:transféré|réexpédié)", "(?:Beginn der )?weitergeleiteten? (?:Nachricht|E-?Mail)",
    "Messaggio inoltrato", "Doorgestuurd bericht", "Vidarebefordrat (?:meddelande|brev)",
    "Videresendt (?:melding|besked|meddelelse)", "(?:Edelleenlähetetty|Välitetty) viesti",
    "(?:Treść przekazanej wiadomości|Przekazana wiadomość)", "(?:Пересылаемое|Перенаправленное|Пересланное) сообщение",
    "Переслане повідомлення", "転送(?:された)?メッセージ|転送メール", "(?:转发|轉寄|转寄)的?(?:邮件|郵件|消息|信件)",
    "अग्रेषित संदेश|फ़ॉरवर्ड किया गया (?:मैसेज|संदेश)", "رسالة (?:معاد توجيهها|مُعاد توجيهها|محوّلة)",
    "(?:Yönlendirilmiş|İletilen|Yönlendirilen) ileti", "전달된 메시지", "(?:Přeposlaná|Přeposílaná) zpráva",
    "Továbbított üzenet", "Mesaj redirecționat", "Προωθημένο μήνυμα", "הודעה שהועברה", "Thư chuyển tiếp")
FORWARDED = re.compile(
    rf"^[\s>*_#=-]*(?:-{{2,}}|_{{2,}}|={{2,}})\s*(?:{_PASSED_ON})[^\n]{{0,60}}$"
    r"|^[\s>*]*(?:" + _words(
        "Begin forwarded message", "Awal pesan (?:terusan|yang diteruskan)", "Inicio del mensaje reenviado",
        "Início da mensagem (?:re)?encaminhada", "Début du (?:message|courriel) (?:réexpédié|transféré)",
        "Anfang der weitergeleiteten (?:Nachricht|E-?Mail)", "Inizio (?:del )?messaggio inoltrato",
        "Begin doorgestuurd bericht", "Vidarebefordrat brev|Början på vidarebefordrat(?: meddelande| brev)?",
        "Start på videresendt(?: besked| melding)?|Videresendt (?:melding|besked)", "Välitetty viesti(?: alkaa)?",
        "Początek przekazanej wiadomości", "Начало пере(?:адресованн|сылаем|сланн)ого сообщения",
        "Початок пересланого повідомлення", "転送されたメッセージ",
        "(?:开始|以下是)?转发的邮件|開始轉寄郵件|以下是轉寄的郵件",
        "बाद में भेजा गया संदेश|अग्रेषित संदेश", "بداية الرسالة المعاد توجيهها|بدء الرسالة المُعاد توجيهها",
        "Yönlendirilen ileti|Yönlendirilmiş iletinin başlangıcı", "전달된 메시지", "Začátek přeposlané zprávy",
        "Továbbított üzenet kezdete") + r")\s?[:：]", re.I)
# Beginnings of a subject: Fwd en/es/pt, WG de, TR fr, RV es, ENC pt, I it, VS/VB fi/sv/no/da, PD pl, İLT tr, ZS hu …
FORWARD_SUBJECT = re.compile(
    r"^\s*(?:\[[^\]]{1,40}\]\s*){0,3}"
    r"(?:fwd?|fw|wg|tr|rv|enc|i|vs|vb|vl|vd|pd|doorst|转发|轉寄|转寄|転送|terusan|i̇?lt|trs|πρθ|zs|пересл?|전달"
    r"|إعادة توجيه)"
    r"\s?[:：]", re.I)
ABOVE = re.compile(r"^[\s>*#_=-]*(?:##-|please )?\s?(?:type your |write your |enter your "
    r"|bitte )?(?:geben sie |gib )?(?:ihre |deine )?(?:reply|respond|antwort|odpowied|répondez|responda"
    r"|svar)[^\n]{0,25}"
                   r"(?:above|oberhalb|over|au-dessus|encima|acima|powyżej) [^\n]{0,40}(?:line|zeile|linje"
                   r"|linie|linien|ligne|línea|linha|linii)\b", re.I)

# The fields that Outlook and others write above an old mail. `by` is who wrote it.
FROM = _words("From", "Dari", "De|Remitente|Remetente", "Expéditeur", "Von|Absender", "Da|Mittente", "Van|Afzender",
"Från",
              "Fra", "Lähettäjä", "Od", "От|От кого", "Від|Від кого|Відправник", "差出人|送信者|送信元",
              "发件人|寄件者|寄件人",
              "प्रेषक|से", "من|المرسل", "Kimden|Gönderen", "보낸 사람|보낸사람", "Odesílatel", "Feladó", "De la",
              "Από", "מאת",
              "Từ", "จาก")
OTHERS = _words(
    "Sent|Date|To|Cc|Bcc|Subject|Reply[ -]To|Sent at|Organization|Importance|Attachments?", "Dikirim|Kepada|Perihal",
    "Subjek|Tanggal|Untuk", "Enviado|Enviado el|Para|Asunto|Fecha", "Enviada em|Enviado em|Enviada|Assunto|Data",
    "Envoyé|À|A|Objet|Date d.envoi|Copie à|Sujet|Message du", "Gesendet|Datum|An|Betreff|Kopie", "Inviato|Oggetto",
    "Verzonden|Aan|Onderwerp", "Skickat|Till|Ämne|Kopia", "Sendt|Til|Emne|Dato|Kopi",
    "Lähetetty|Vastaanottaja|Aihe|Päivämäärä|Kopio", "Wysłano|Wysłane|Do|Temat|DW", "Отправлено|Дата|Кому|Тема|Копия",
    "Надіслано|Відправлено|Копія", "日時|送信日時|宛先|件名|日付",
    "发送时间|发送日期|收件人|主题|抄送|日期|寄件日期|收件者|主旨|副本|時間|时间",
    "भेजा गया|प्रति|विषय|दिनांक|तारीख", "تاريخ الإرسال|تم الإرسال|إلى|الموضوع|التاريخ|نسخة", "Gönderildi|Kime|Konu|Tarih",
    "받는 사람|받는사람|제목|보낸 날짜|날짜|참조", "Odesláno|Komu|Předmět|Datum", "Elküldve|Címzett|Tárgy|Dátum",
    "Trimis|Către|Subiect", "Στάλθηκε|Προς|Θέμα|Ημερομηνία", "נשלח|אל|נושא|תאריך", "Đã gửi|Ngày|Đến|Chủ đề",
    "ส่ง|ถึง|เรื่อง|วันที่")
HEADER = re.compile(rf"^[\s>|]*\*{{0,2}}(?:(?P<by>{FROM})|(?:{OTHERS}))\s?\*{{0,2}}\s?[:：]\*{{0,2}}(?:\s|\S|$)", re.I)

DEVICE = re.compile(r"^[\s*_(\[<-]*(?:" + _words(
    r"Sent (?:from|via|with|by|using|wirelessly)(?: from| via)? (?:my |an? |the )?\S+ ?\S* ?\S*[)\]>]*$",
    "Sent from my ",
    r"Sent (?:from|via|with|using) (?:my |the )?(?:\S+ "
    r")?(?:iPhone|iPad|iPod|\[?Mail|Outlook|Yahoo|Samsung|Galaxy|Android"
    r"|BlackBerry|Windows|Mobile|Phone|Tablet|Mailbox|HTC|Nokia|Huawei|Proton|\S+ (?:phone|device|smartphone|tablet"
    r"|handheld|Mail|iPhone|wireless))", r"Sent from (?:a|Mailbird|Gmail|AOL)\b", r"Get \[?Outlook for",
    r"Sent with (?:\[?Proton|\S+ Secure)", "Sent wirelessly from ", r"From my (?:iPhone|iPad|phone|mobile)\b",
    "(?:Dikirim|Terkirim) (?:dari|melalui|dengan) |Dapatkan Outlook",
    r"Enviado (?:desde|do|de|por|a partir do|através do) "
    r"(?:mi|meu|o|el|um|Outlook|Yahoo|Correo|Gmail|Samsung|Proton|\S+$)",
    "Obt(?:ener|enha|er)(?: o)? Outlook|Descarga Outlook", r"Envoyé (?:de(?:puis)?|à partir de|via|avec) "
    r"(?:mon|ma|Outlook"
    r"|Yahoo|Mail|l.application|\S+ Mail)", "Envoyé sans fil ", r"(?:Obtenez|Télécharger|Obtenir) Outlook",
    r"(?:Diese Nachricht wurde )?[Vv]on meine[mr](?:/\w+)? [^\n]{1,60}gesendet", r"Gesendet (?:von|mit|über) ",
    "Holen Sie sich Outlook|Outlook für [^\n]{1,20} beziehen|Outlook für",
    r"Inviato (?:da|dal|con|tramite)(?: mio)? (?:\S+|$)", "(?:Ottieni|Scarica) Outlook",
    "(?:Verstuurd|Stuurd|Verzonden) (?:vanaf|vanuit|met|via) ",
    "Outlook voor [^\n]{1,20} downloaden|Download Outlook voor",
    "Skickat från |Hämta Outlook", "Sendt (?:fra|med|via) |Hent Outlook|Skaff deg Outlook",
    r"Lähetetty (?:\S+sta|\S+stä|\S+lta|\S+ltä|Samsung|Outlook)|Hanki Outlook",
    "Wysłan[eoy] (?:z|za|przez) |Pobierz (?:\\S+ )?Outlook",
    "(?:Отправлено|Послано) (?:с|из|от|через) |(?:Получить|Скачать) Outlook",
    "Надіслано (?:з|із|за|через) |Отримати Outlook",
    r"मेरे \S+ से भेजा|\S+ के लिए Outlook", r"أُ?رسلت? من|تم الإرسال من|مرسل من|الحصول على Outlook",
    "发自我的|發自我的|從我的|发送自|(?:获取|下载|取得) ?Outlook", r"나의 \S+에서 보냄|\S+에서 보냄$|\S{1,9}용 Outlook",
    "Trimis (?:de pe|din) ", "Odesláno (?:z|ze|pomocí) |Získat Outlook", r"Küldve |Gửi từ |Στάλθηκε από |נשלח מ")
    + r")[^\n]{0,100}$|^\S{1,20}から送信$|^\S{1,9} ?版 Outlook を入手$|^来自我的\S{1,12}$|^\S{1,20} ?(?:gönderildi)$"
      r"|^\S{1,9} için Outlook.{0,12}$|^[<(\[]{1,2}sent (?:by|from|via) [^\n]{1,40}[>)\]]{1,2}$", re.I)
NOISE = re.compile("^[\u1427\u00ad\u034f\u200b\u200c\u200d\u2060\ufeff\\s]+$")     # a tracker's mark, not words
