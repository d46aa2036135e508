"""What mail programs write around old mail: en id es pt fr de it nl sv da no fi pl ru ja zh hi ar, and some more.

Every pattern is tried on one line (or a few joined ones) of bounded length, and none nests a repetition.
"""
import re

WROTE = re.compile(
    r"\b(?:wrote|said|writes|replied|schrieb|schrieben|geschrieben|escribi[óo]|escribe|ha escrito|escreveu"
    r"|a écrit|écrit"
    r"|ha scritto|scritto|scrive|schreef|geschreven|skrev|skrivit|kirjoitti|napisał|napisała|napisal[a]?"
    r"|pisze|писал|писала"
    r"|написал|написала|пишет|написав|пише|menulis|yazdı|yazmış|írta|đã viết|a scris|έγραψε|rašė|napísal[a]?|написа"
    r"|schreift|a scrit)\b|napisał\(a\)|написал\(а\)|wrote|ने लिखा|लिखा|كتب|كتبت|写道|寫道|写了|来信"
    r"|書きました|書き込みました"
    r"|님이 작성|작성:|のメッセージ|さんは|כתב|เขียน", re.I)
OPENS = re.compile(
    r"^[\s*_>-]*(?:On|Am|Um|Le|El|En|Em|Il|In data|Op|Den|På|Pada|Tanggal|Pe|Dnia|W dniu|Dne|Dňa|Vào|Στις"
    r"|Tarih|Vendredi"
    r"|Le|No dia|A|Na|Ons|Tor|Fre|Man|Tir|Mon|Tue|Wed|Thu|Fri|Sat|Sun|Lun|Mar|Mer|Jeu|Ven|Sam|Dim|В|На|"
    r"ons|tors|fredag|lördag|söndag|måndag|tisdag|onsdag|torsdag|\d{1,4}[-./年 ]|[vsp][a-z]{1,3}\.? \d|"
    r"في|بتاريخ|在|于|於|le|on|am)(?:[\s,]|\b|(?=\d))", 0)
DATED = re.compile(r"\d{1,4}[-./年 ,]|\d{1,2}:\d{2}|@")
ADDRESSED_DATE = re.compile(r"^[\s*]*(?:\d{4}[-/]\d{1,2}[-/]\d{1,2}|\d{1,2}[-/. ]\S{1,9}[-/. ]\d{2,4}"
    r"|\w{3}, \d).{0,120}<[^<>]{0,100}@"
                            r"[^<>]{0,100}>:?$")

ORIGINAL = re.compile(
    r"^[\s>*_#=-]*(?:-{1,}|_{2,}|={2,})\s*(?:\*?)(?:Original[- ](?:Message|E?-?mail|Appointment)"
    r"|Ori?ginal Message|Ursprüngliche Nachricht"
    r"|Original(?:nachricht|meddelelse|melding|meddelande)|Urspr\. Nachricht|Message d.origine"
    r"|Message original|Mensaje original|Mensagem [Oo]riginal|Messaggio originale"
    r"|Origineel bericht|Oorspronkelijk bericht|Ursprungligt meddelande|Opprinnelig melding"
    r"|Oprindelig (?:meddelelse|besked)"
    r"|Alkuperäinen viesti|Wiadomość oryginalna|Oryginalna wiadomość|(?:Исходное|Оригинальное) сообщение|元のメッセージ"
    r"|Original Besked|原始邮件|原邮件|原始郵件|Pesan [Aa]sli|मूल संदेश|الرسالة الأصلية|Reply [Mm]essage|Původní zpráva"
    r"|Eredeti üzenet|Mesajul original"
    r"|Özgün İleti|Orijinal Mesaj|Antwort Nachricht|Reply to|Original)\b[^\n]{0,60}$", re.I)
FORWARDED = re.compile(
    r"^[\s>*_#=-]*(?:(?:-{2,}|_{2,}|={2,}|Begin|Début)\s*)(?:du )?(?:Forwarded (?:by|message|mail|email)"
    r"|forwarded message|Weitergeleitete Nachricht"
    r"|(?:Beginn der )?weitergeleitete[n]? Nachricht|Message (?:transféré|réexpédié)|message réexpédié"
    r"|Mensaje reenviado|Mensagem (?:encaminhada|reenviada)|Messaggio inoltrato|Doorgestuurd bericht"
    r"|Vidarebefordrat meddelande|Videresendt (?:melding|besked|meddelelse)|Edelleenlähetetty viesti"
    r"|(?:Treść przekazanej wiadomości|Przekazana wiadomość)"
    r"|Пересылаемое сообщение|転送されたメッセージ|转发(?:的)?邮件|轉寄郵件"
    r"|Pesan terusan|अग्रेषित संदेश|رسالة معاد توجيهها)[^\n]{0,60}$"
    r"|^[\s>*]*(?:Begin forwarded message|Anfang der weitergeleiteten (?:Nachricht|E-?Mail)"
    r"|Début du message (?:réexpédié|transféré)|Inicio del mensaje reenviado"
    r"|Inizio messaggio inoltrato|Begin doorgestuurd bericht|Vidarebefordrat brev|Början på vidarebefordrat"
    r"|Start på videresendt)\s?[:：]", re.I)
ABOVE = re.compile(r"^[\s>*#_=-]*(?:##-|please )?\s?(?:type your |write your |enter your "
    r"|bitte )?(?:geben sie |gib )?(?:ihre |deine )?(?:reply|respond|antwort|odpowied|répondez|responda"
    r"|svar)[^\n]{0,25}"
                   r"(?:above|oberhalb|over|au-dessus|encima|acima|powyżej) [^\n]{0,40}(?:line|zeile|linje"
                   r"|linie|linien|ligne|línea|linha|linii)\b", re.I)

FROM = (r"From|Von|De|Da|Van|Från|Fra|Lähettäjä|Od|От|От кого|差出人|送信者|发件人|寄件者|发件人"
        r"|Dari|प्रेषक|من|Expéditeur|Remitente"
        r"|Mittente|Afzender|Kimden|Feladó|Odesílatel|De la|보낸 사람|Absender|Gönderen|Відправник|Від")
OTHERS = (r"Sent|Date|To|Cc|Bcc|Subject|Reply[ -]To|Sent at|Organization|Importance|Attachments?|Gesendet"
    r"|Datum|An|Betreff|Envoyé|À|A|Objet"
          r"|Date d.envoi|Copie à|Sujet|Message du|Enviado|Enviado el|Enviada em|Enviado em|Para|Asunto"
          r"|Assunto|Fecha|Data|Inviato|Oggetto|Verzonden|Aan|Onderwerp|Skickat|Till"
          r"|Ämne|Sendt|Til|Emne|Dato|Lähetetty|Vastaanottaja|Aihe|Päivämäärä|Wysłano|Do|Temat|Wysłane"
          r"|Отправлено|Дата|Кому|Тема|Копия|日時|送信日時|宛先"
          r"|件名|日付|发送时间|发送日期|收件人|主题|抄送|日期|寄件日期|收件者|主旨|Dikirim"
          r"|Kepada|Perihal|Subjek|Tanggal|भेजा गया|प्रति"
          r"|विषय|दिनांक|تاريخ الإرسال|تم الإرسال"
          r"|إلى|الموضوع|التاريخ|Gönderildi|Kime|Konu|Tarih|Elküldve|Címzett|Tárgy|Odesláno|Komu|Předmět"
          r"|Trimis|Către|Subiect|받는 사람|제목|보낸 날짜|Надіслано")
HEADER = re.compile(rf"^[\s>|]*\*{{0,2}}(?:(?P<by>{FROM})|(?:{OTHERS}))\s?\*{{0,2}}\s?[:：]\*{{0,2}}(?:\s|\S|$)", re.I)

DEVICE = re.compile(
    r"^[\s*_(\[<-]*(?:Sent (?:(?:from|via|with|by|wirelessly) (?:my |an? |the )?\S+ ?\S* ?\S*[)\]>]*$"
    r"|from my )|Sent (?:from|via|with|using) (?:my |the )?(?:\S+ )?(?:iPhone|iPad|iPod|Mail|Outlook|Yahoo"
    r"|Samsung|Galaxy|Android|BlackBerry|Windows|Mobile"
    r"|Phone|Tablet|Mailbox|HTC|Nokia|Huawei|Proton|\S+ (?:phone|device|smartphone|tablet|handheld|Mail"
    r"|iPhone|wireless))"
    r"|Sent from (?:my|a|Mailbird|Gmail|AOL)\b|Get Outlook for|Sent with (?:\[?Proton|\S+ Secure)"
    r"|Von meinem \S+ (?:\S+ ){0,3}gesendet|(?:Diese Nachricht wurde )?[Gg]esendet (?:von|mit) "
    r"|Envoyé (?:de(?:puis)?|à partir de) (?:mon|ma|Outlook|Yahoo)|Obtenez Outlook|Outlook für"
    r"|Enviado (?:desde|do|de|a partir do) (?:mi|meu|o|el|Outlook|Yahoo|Correo)|Obtener Outlook"
    r"|Inviato da(?:l mio)? (?:\S+|$)|Verstuurd vanaf mijn|Verzonden (?:vanaf|met|via) "
    r"|Skickat från |Sendt fra |Lähetetty (?:iPhonesta|Outlookista|Samsung|\S+sta|\S+ltä)|Wysłane z "
    r"|Отправлено (?:с|из|от) |Послано с |Dikirim dari |Terkirim dari "
    r"|Stuurd vanaf|मेरे \S+ से भेजा|أُ?رسلت? من|تم الإرسال من|发自我的|發自我的|從我的|iPhoneから送信|Trimis de pe"
    r"|Odesláno z|Küldve )[^\n]{0,80}$"
    r"|^\S{1,12}から送信$|^来自我的\S{1,12}$", re.I)
