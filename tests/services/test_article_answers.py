"""The pictures of an article in an answer: in their places in a mail, as files in chats, behind a link where neither is
possible."""
import pytest
from sqlalchemy import select

from channels.base import Can
from helpdesk import db, settings
from helpdesk.models import Article, Attachment
from helpdesk.services import article_answers, article_pictures, article_versions, articles, help_urls, inboxes
from helpdesk.services.phrases import say
from tests.services.test_article_pictures import picture
from tests.services.test_assistant import Chat

SMALL = Can(text_limit=1_600, files=True, file_limit=10)


@pytest.fixture
def pictured(cast):
    """An article with as many pictures as one answer carries, and their addresses."""
    with db.transaction() as session:
        one = articles.create(session, title="Where is my order?", body="x", questions=["How can I track my package?"])
        added = [article_pictures.add(session, one, f"map{n}.png", picture(size=(20 + n, 9)))
                 for n in range(article_answers.PICTURES)]
        lines = [article_pictures.line(one, f"Map {n}") for n, one in enumerate(added)]
        _save(session, one, "\n\n".join(["Look here.", *lines]))
        return one


def _save(session, article, body):
    article_versions.save(session, article, article_versions.Fields(
        **{**vars(article_versions.current(article)), "body": body}), then="publish", actor="system")


def _names(reply):
    with db.reading() as session:
        return session.scalars(select(Attachment.name).where(Attachment.message_id == reply.id)
                               .order_by(Attachment.id)).all()


def _url(article):
    with db.reading() as session:
        return help_urls.article_url(session, session.get(Article, article.id))


def test_a_chat_gets_them_as_files_and_a_link_when_one_is_too_many(cast, pictured):
    reply = Chat(cast.widget).says("How can I track my package?")
    assert _names(reply) == ["map0.png", "map1.png", "map2.png"]
    assert "Map 1" in reply.text and _url(pictured) not in reply.text
    with db.transaction() as session:
        one = session.get(Article, pictured.id)
        more = article_pictures.line(article_pictures.add(session, one, "map3.png", picture(size=(40, 9))), "Map 3")
        _save(session, one, f"{article_versions.current(one).body}\n\n{more}")
    reply = Chat(cast.widget, "visitor-2").says("How can I track my package?")
    assert len(_names(reply)) == 3 and say("en", "read_on", url=_url(pictured)) in reply.text


def test_a_mail_shows_them_in_their_places(cast, pictured):
    reply = Chat(cast.mail, "ann@example.com").says("How can I track my package?", subject="Question")
    with db.reading() as session:
        token = session.get(Article, pictured.id).pictures[0].token
    assert f'src="{settings.current().base_url}/help/pictures/{token}"' in reply.html and _names(reply) == []


def test_every_channel_carries_them_or_says_where_they_are(pictured):
    with db.reading() as session:
        section = article_answers.Section.of(session, session.get(Article, pictured.id), {})
        for name, kind in inboxes.kinds().items():
            carried, behind = article_answers.pictures(session, [section], kind.can)
            assert (len(carried), behind) == ((3, []) if kind.can.files else (0, [section])), name


def test_what_is_too_large_for_a_medium_stays_behind_a_link(pictured):
    with db.reading() as session:
        section = article_answers.Section.of(session, session.get(Article, pictured.id), {})
        assert article_answers.pictures(session, [section], SMALL) == ([], [section])
