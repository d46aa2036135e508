"""The names by which mail programs mark the mail that is answered, and signatures, in their HTML."""
from __future__ import annotations

import re

# A container that mail programs wrap the answered mail in. `after`: everything that follows is the old mail.
QUOTE_INSIDE = re.compile(r"\b(?:x_)*(?:yahoo_quoted|protonmail_quote|OLK_SRC_BODY_SECTION|zmail_extra|gmail_attr|"
                          r"moz-cite-prefix|mail_quote|tutanota_quote|ms-outlook-mobile-reference-message|"
                          r"ymail_android_signature_quote|mail-quote-collapse|missive_quote|front-blockquote|hey-quoted|"
                          r"zimbra_quote)\b", re.I)
QUOTE_AFTER = re.compile(r"\b(?:x_)*(?:divRplyFwdMsg|appendonsend|stopSpelling"
    r"|mail-editor-reference-message-container|"
                         r"isReplyContent|OutlookMessageHeader|reply-intro)\b", re.I)
SIGNATURE = re.compile(r"\b(?:gmail_signature|moz-signature|protonmail_signature_block|ymail_signature|"
                       r"ms-outlook-mobile-signature|AppleMailSignature|lineBreakAtBeginningOfSignature)\b", re.I)
OUTLOOK_LINE = re.compile(r"border-top:\s*solid\s+#(?:E1E1E1|B5C4DF|000000)\s+1\.0pt", re.I)
# Also a container, but one whose first line is the answerer's own work in a forward.
QUOTE_WHOLE = re.compile(r"\b(?:x_)*gmail_quote(?:_container)?\b", re.I)
