"""What is changed in a restored database before anybody sees it, in SQL that both databases understand.

Since the backup was made, messages may have left and links may have been used: nothing may happen a second time. The
mailboxes' cursors stay as they were then, so that all mail since is fetched again. Mail in
doubt counts as waiting, because the worker would send it once more by itself.
"""

STATEMENTS = (
    "DELETE FROM system_state WHERE key IN ('outbox_hold', 'worker')",
    "INSERT INTO system_state (key, value, updated_at) VALUES ('outbox_hold', '{}', CURRENT_TIMESTAMP)",
    "UPDATE delivery SET held = TRUE WHERE status IN ('queued', 'sending', 'uncertain')",
    "UPDATE agent_session SET ended_at = CURRENT_TIMESTAMP WHERE ended_at IS NULL",
    "UPDATE sign_in_link SET used_at = CURRENT_TIMESTAMP WHERE used_at IS NULL",
    "UPDATE inbox SET polled_at = NULL, lease_until = NULL",
)
