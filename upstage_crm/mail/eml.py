"""A stored mail as a person reads it: a page for a sandboxed frame, or an `.eml` file.

With a codec the links work, which only the built-in mailbox of local mode may show; without one
every token and code is a dead placeholder.
"""

from __future__ import annotations

from contextlib import suppress
from email.message import EmailMessage
from email.utils import format_datetime

from upstage_crm.links.claims import LinkRefused
from upstage_crm.links.codec import LinkCodec
from upstage_crm.mail.attachments import Draw
from upstage_crm.mail.message import MailMessage, with_files
from upstage_crm.mail.placeholders import dead_secrets, fill, secrets_of, thaw_links
from upstage_crm.mail.queries import StoredMail


def readable(stored: StoredMail, codec: LinkCodec | None) -> MailMessage:
    """The message with live links (`codec` given and its key still known) or dead ones."""
    links = thaw_links(stored.links)
    secrets = dead_secrets(links)
    if codec is not None:
        # Without its key, taken out of the ring, a link is dead for everybody.
        with suppress(LinkRefused):
            secrets = secrets_of(links, codec)
    filled = fill(stored.payload, mail_id=stored.summary.id, secrets=secrets)
    return MailMessage.from_json(filled)


def document(stored: StoredMail, codec: LinkCodec | None) -> str:
    """The HTML part as a page whose links open in a new tab, outside the frame it stands in."""
    html = readable(stored, codec).html
    return html.replace("<head>", '<head>\n<base target="_blank">', 1)


def eml(stored: StoredMail, codec: LinkCodec | None, *, draw: Draw | None = None) -> bytes:
    """The mail as an `.eml` file: text and HTML part, every header, dated when it was queued.

    Without `draw` its files are left out, as its links are dead without a codec.

    Raises:
        FileNotDrawn: a file cannot be drawn any longer.
    """
    from email.policy import SMTP  # what parses headers is large, and the server's start needs none

    message = readable(stored, codec)
    mail = EmailMessage(policy=SMTP)
    mail["From"] = message.from_
    mail["To"] = message.to
    mail["Subject"] = message.subject
    mail["Reply-To"] = message.reply_to
    mail["Date"] = format_datetime(stored.summary.created_at)
    for name, value in sorted(message.headers.items()):
        mail[name] = value
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    for file in with_files(message, draw).files if draw else ():
        kind, _, parameters = file.media_type.partition("; ")
        main, _, sub = kind.partition("/")
        mail.add_attachment(
            file.content,
            maintype=main,
            subtype=sub,
            filename=file.name,
            params=dict(part.split("=", 1) for part in parameters.split("; ") if part),
        )
    return mail.as_bytes()
