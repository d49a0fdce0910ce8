-- An import of the same file goes on where it stopped: rows and this count commit together.
CREATE TABLE imports (
  website_id TEXT REFERENCES websites (id),
  file_hash BYTEA, -- SHA-256 of the file and its mapping
  file_name TEXT NOT NULL,
  rows_done INTEGER NOT NULL DEFAULT 0,
  rows_new INTEGER NOT NULL DEFAULT 0,
  rows_merged INTEGER NOT NULL DEFAULT 0,
  rows_unchanged INTEGER NOT NULL DEFAULT 0,
  rows_again INTEGER NOT NULL DEFAULT 0,
  rows_refused INTEGER NOT NULL DEFAULT 0,
  rows_kept INTEGER NOT NULL DEFAULT 0,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  finished_at TIMESTAMPTZ,
  PRIMARY KEY (website_id, file_hash)
);
ALTER TABLE imports ENABLE ROW LEVEL SECURITY;
ALTER TABLE imports FORCE ROW LEVEL SECURITY;
CREATE POLICY reach ON imports USING (
  (SELECT current_setting('onebooking.reach', true)) = '*'
  OR website_id = ANY ((SELECT string_to_array(current_setting('onebooking.reach', true), ','))::text[])
);
GRANT SELECT, INSERT, UPDATE, DELETE ON imports TO onebooking_app;

-- How far payloads and replies are forgotten, in the order of time: rows up to there have none.
CREATE TABLE retention (
  task TEXT PRIMARY KEY,
  done_to TIMESTAMPTZ NOT NULL
);
INSERT INTO retention VALUES
  ('sync_logs.payload', '1970-01-01 00:00:00Z'), ('attempts.reply', '1970-01-01 00:00:00Z');
GRANT SELECT, UPDATE ON retention TO onebooking_app;
CREATE INDEX deliveries_kept ON deliveries (finished_at)
  WHERE state IN ('delivered', 'joined') AND body <> '';
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);
