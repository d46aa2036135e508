"""What customers read when they are asked how it went, in five languages."""
from __future__ import annotations

from collections.abc import Iterable

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "subject": "How did we do?",
        "ask": "How satisfied are you with our help? One click is enough:",
        "about": "It is about: {subject}",
        "title": "How did we do?",
        "question": "How satisfied are you with the help you got?",
        "score_1": "Very dissatisfied", "score_2": "Dissatisfied", "score_3": "Neutral", "score_4": "Satisfied",
        "score_5": "Very satisfied",
        "comment": "Would you like to tell us more? (optional)",
        "send": "Send rating",
        "thanks": "Thank you!",
        "thanks_text": "Your rating has been saved.",
        "edit": "Change my rating",
        "until": "You can change it until {date}.",
        "final": "The time for changes is over.",
        "choose": "Please choose one to five stars.",
        "too_long": "Please use at most {limit} characters.",
        "too_many": "That was a bit too often. Please try again in a few minutes.",
        "gone_title": "This link does not work",
        "gone": "Perhaps it was not copied whole. Please open it again from the message you got.",
        "no_more": "No more questions like this one: {url}",
        "stop_title": "No more of these mails?",
        "stop_ask": "We would ask {address} no more how it went. Answers to what you write to us still come.",
        "stop": "Ask me no more",
        "stopped": "Done: {address} gets no more such mails.",
        "resume": "It was a mistake, ask me again",
        "resumed": "{address} will be asked again.",
    },
    "id": {
        "subject": "Bagaimana pelayanan kami?",
        "ask": "Seberapa puas Anda dengan bantuan kami? Cukup satu klik:",
        "about": "Mengenai: {subject}",
        "title": "Bagaimana pelayanan kami?",
        "question": "Seberapa puas Anda dengan bantuan yang Anda terima?",
        "score_1": "Sangat tidak puas", "score_2": "Tidak puas", "score_3": "Biasa saja", "score_4": "Puas",
        "score_5": "Sangat puas",
        "comment": "Ingin menceritakan lebih banyak? (opsional)",
        "send": "Kirim penilaian",
        "thanks": "Terima kasih!",
        "thanks_text": "Penilaian Anda sudah disimpan.",
        "edit": "Ubah penilaian saya",
        "until": "Anda dapat mengubahnya sampai {date}.",
        "final": "Waktu untuk mengubah sudah berakhir.",
        "choose": "Silakan pilih satu sampai lima bintang.",
        "too_long": "Gunakan paling banyak {limit} karakter.",
        "too_many": "Terlalu sering. Silakan coba lagi beberapa menit lagi.",
        "gone_title": "Tautan ini tidak berfungsi",
        "gone": "Mungkin tidak tersalin lengkap. Silakan buka lagi dari pesan yang Anda terima.",
        "no_more": "Tidak ingin menerima pertanyaan seperti ini lagi: {url}",
        "stop_title": "Berhenti menerima email ini?",
        "stop_ask": "Kami tidak akan lagi menanyakan pendapat {address}. Jawaban atas pesan Anda tetap kami kirim.",
        "stop": "Jangan tanya lagi",
        "stopped": "Selesai: {address} tidak akan menerima email seperti ini lagi.",
        "resume": "Itu tidak sengaja, tanya saya lagi",
        "resumed": "{address} akan ditanya lagi.",
    },
    "es": {
        "subject": "¿Qué tal lo hicimos?",
        "ask": "¿Qué tan satisfecho está con nuestra ayuda? Basta un clic:",
        "about": "Se trata de: {subject}",
        "title": "¿Qué tal lo hicimos?",
        "question": "¿Qué tan satisfecho está con la ayuda que recibió?",
        "score_1": "Muy insatisfecho", "score_2": "Insatisfecho", "score_3": "Neutral", "score_4": "Satisfecho",
        "score_5": "Muy satisfecho",
        "comment": "¿Quiere contarnos algo más? (opcional)",
        "send": "Enviar valoración",
        "thanks": "¡Gracias!",
        "thanks_text": "Su valoración se ha guardado.",
        "edit": "Cambiar mi valoración",
        "until": "Puede cambiarla hasta el {date}.",
        "final": "El plazo para cambiarla ha terminado.",
        "choose": "Elija de una a cinco estrellas.",
        "too_long": "Use como máximo {limit} caracteres.",
        "too_many": "Demasiados intentos. Vuelva a intentarlo en unos minutos.",
        "gone_title": "Este enlace no funciona",
        "gone": "Quizá no se copió completo. Ábralo de nuevo desde el mensaje que recibió.",
        "no_more": "No recibir más preguntas como esta: {url}",
        "stop_title": "¿No recibir más estos correos?",
        "stop_ask": "Ya no preguntaremos a {address} qué tal lo hicimos. Las respuestas a lo que nos escriba "
                    "seguirán llegando.",
        "stop": "No preguntarme más",
        "stopped": "Hecho: {address} no recibirá más correos como este.",
        "resume": "Fue un error, pregúntenme de nuevo",
        "resumed": "Volveremos a preguntar a {address}.",
    },
    "pt": {
        "subject": "Como foi o nosso atendimento?",
        "ask": "Quão satisfeito você está com a nossa ajuda? Basta um clique:",
        "about": "Assunto: {subject}",
        "title": "Como foi o nosso atendimento?",
        "question": "Quão satisfeito você está com a ajuda que recebeu?",
        "score_1": "Muito insatisfeito", "score_2": "Insatisfeito", "score_3": "Neutro", "score_4": "Satisfeito",
        "score_5": "Muito satisfeito",
        "comment": "Quer nos contar mais? (opcional)",
        "send": "Enviar avaliação",
        "thanks": "Obrigado!",
        "thanks_text": "A sua avaliação foi salva.",
        "edit": "Alterar minha avaliação",
        "until": "Você pode alterá-la até {date}.",
        "final": "O prazo para alterações terminou.",
        "choose": "Escolha de uma a cinco estrelas.",
        "too_long": "Use no máximo {limit} caracteres.",
        "too_many": "Muitas tentativas. Tente novamente em alguns minutos.",
        "gone_title": "Este link não funciona",
        "gone": "Talvez não tenha sido copiado por inteiro. Abra-o novamente a partir da mensagem que recebeu.",
        "no_more": "Não receber mais perguntas como esta: {url}",
        "stop_title": "Não receber mais estes e-mails?",
        "stop_ask": "Não perguntaremos mais a {address} como foi o atendimento. As respostas ao que você nos "
                    "escrever continuam chegando.",
        "stop": "Não me pergunte mais",
        "stopped": "Pronto: {address} não receberá mais e-mails como este.",
        "resume": "Foi engano, perguntem de novo",
        "resumed": "Voltaremos a perguntar a {address}.",
    },
    "hi": {
        "subject": "हमारी सहायता कैसी रही?",
        "ask": "आप हमारी सहायता से कितने संतुष्ट हैं? एक क्लिक काफ़ी है:",
        "about": "विषय: {subject}",
        "title": "हमारी सहायता कैसी रही?",
        "question": "आपको मिली सहायता से आप कितने संतुष्ट हैं?",
        "score_1": "बहुत असंतुष्ट", "score_2": "असंतुष्ट", "score_3": "सामान्य", "score_4": "संतुष्ट",
        "score_5": "बहुत संतुष्ट",
        "comment": "क्या आप कुछ और बताना चाहेंगे? (वैकल्पिक)",
        "send": "रेटिंग भेजें",
        "thanks": "धन्यवाद!",
        "thanks_text": "आपकी रेटिंग सहेज ली गई है।",
        "edit": "मेरी रेटिंग बदलें",
        "until": "आप इसे {date} तक बदल सकते हैं।",
        "final": "बदलने का समय समाप्त हो गया है।",
        "choose": "कृपया एक से पाँच सितारे चुनें।",
        "too_long": "कृपया अधिकतम {limit} अक्षर लिखें।",
        "too_many": "बहुत अधिक प्रयास हुए। कृपया कुछ मिनट बाद फिर कोशिश करें।",
        "gone_title": "यह लिंक काम नहीं करता",
        "gone": "शायद यह पूरा कॉपी नहीं हुआ। कृपया मिले हुए संदेश से इसे फिर खोलें।",
        "no_more": "ऐसे सवाल अब न पाएँ: {url}",
        "stop_title": "ये ईमेल अब नहीं चाहिए?",
        "stop_ask": "हम {address} से अब नहीं पूछेंगे कि सहायता कैसी रही। आपके संदेशों के उत्तर आते रहेंगे।",
        "stop": "मुझसे अब न पूछें",
        "stopped": "हो गया: {address} को अब ऐसे ईमेल नहीं आएँगे।",
        "resume": "गलती से हुआ, फिर पूछें",
        "resumed": "{address} से फिर पूछा जाएगा।",
    },
}


def language(*wishes: str | None) -> str:
    """The first of the wished locales ("pt-BR", "hi") that is spoken here; English when none is."""
    return next((code for wish in wishes if (code := _code(wish)) in WORDS), "en")


def accepted(header: str, best: Iterable[str] = ()) -> list[str]:
    """The languages of an Accept-Language header in the order of preference (RFC 9110 §12.5.4), `best` before them."""
    found = []
    for place, part in enumerate(header.split(",")[:20]):
        tag, _, rest = part.strip().partition(";")
        try:
            weight = float(rest.strip().removeprefix("q=")) if rest else 1.0
        except ValueError:
            continue
        if tag and weight > 0:
            found.append((-weight, place, tag))
    return [*best, *(tag for _, _, tag in sorted(found))]


def _code(locale: str | None) -> str:
    """Indonesian was written "in" before 1989, and some phones still say so (ISO 639-1)."""
    code = (locale or "").replace("_", "-").split("-")[0].lower()
    return "id" if code == "in" else code
