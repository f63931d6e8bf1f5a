-- Chats of children stand in the line's queue beside the calls. chat_index
-- knows the visitor's key by its hash; heard_at is when the page was last heard
-- of.
ALTER TABLE hotline_call ADD COLUMN channel TEXT NOT NULL DEFAULT 'phone';
ALTER TABLE hotline_call ADD COLUMN chat_index TEXT NOT NULL DEFAULT '';
ALTER TABLE hotline_call ADD COLUMN heard_at BIGINT NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX hotline_call_chat ON hotline_call (chat_index) WHERE chat_index <> '';

-- What was written in a chat; sealed by the chat's own key (talk_key of the
-- call), which ends with the recordings.
CREATE TABLE hotline_said (
  call_id TEXT NOT NULL,
  n INTEGER NOT NULL,
  at BIGINT NOT NULL,
  seat TEXT NOT NULL DEFAULT '',
  text TEXT NOT NULL,
  idem_key TEXT NOT NULL,
  PRIMARY KEY (call_id, n)
);
CREATE UNIQUE INDEX hotline_said_key ON hotline_said (call_id, idem_key);
