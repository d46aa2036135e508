"""Remote pictures of a mail are shown when somebody wants them; embedded ones are not listed a second time.

Revision: 0009, after 0008
"""
import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = depends_on = None

COLUMNS = (("message", "pictures_wanted"), ("identity", "pictures_wanted"), ("attachment", "inline"))
PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")


def upgrade() -> None:
    for table, name in COLUMNS:
        op.add_column(table, sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    file = sa.table("attachment", sa.column("message_id"), sa.column("cid"), sa.column("inline", sa.Boolean),
                    sa.column("content_type"), sa.column("sha256"))
    message = sa.table("message", sa.column("id"), sa.column("html"))
    shown = sa.exists().where(message.c.id == file.c.message_id,
                              message.c.html.contains(sa.literal("cid:").concat(file.c.cid)))
    op.execute(file.update().values(inline=sa.true()).where(
        file.c.cid != "", file.c.sha256 != "", file.c.content_type.in_(PICTURES), shown))


def downgrade() -> None:
    for table, name in COLUMNS:
        op.drop_column(table, name)
