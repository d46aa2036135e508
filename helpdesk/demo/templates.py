"""The message templates that the shop had approved for its WhatsApp number, as the Graph API lists them."""
from __future__ import annotations

WORDS = (       # name, language, status, body, samples
    ("order_ready", "en", "APPROVED", "Hello {{1}}, your order {{2}} is ready to be picked up.", ("Ann", "4512")),
    ("order_ready", "id", "APPROVED", "Halo {{1}}, pesanan {{2}} sudah siap diambil.", ("Ann", "4512")),
    ("order_ready", "es", "APPROVED", "Hola {{1}}: tu pedido {{2}} está listo.", ("Ana", "4512")),
    ("we_are_back", "en", "APPROVED",
     "Hello {{1}}, we have news about your question. Answer this message and we go on from here.", ("Ann",)),
    ("your_receipt", "en", "APPROVED", "Hello {{1}}, here is your receipt.", ("Ann",)),
    ("new_harvest", "en", "PAUSED", "The new harvest from Toraja is here.", ()))
HEADINGS = {"your_receipt": [{"type": "HEADER", "format": "IMAGE"}]}
TEMPLATES = [{"id": f"10{number}", "name": name, "language": language, "category": "UTILITY", "status": status,
              "components": [*HEADINGS.get(name, ()),
                             {"type": "BODY", "text": body, "example": {"body_text": [list(samples)]}},
                             {"type": "FOOTER", "text": "Kopi & Co"}]}
             for number, (name, language, status, body, samples) in enumerate(WORDS)]
