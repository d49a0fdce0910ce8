-- A file that the worker writes for a member, in chunks, until it is deleted.
CREATE TABLE exports (
  id UUID PRIMARY KEY,
  member_id UUID NOT NULL REFERENCES members (id),
  format TEXT NOT NULL CHECK (format IN ('csv', 'xlsx')),
  filters JSONB NOT NULL,
  websites TEXT[] NOT NULL, -- all it may hold, fixed when it was asked for
  state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done', 'failed')),
  rows_done INTEGER NOT NULL DEFAULT 0,
  rows_total INTEGER, -- NULL: not counted yet
  size BIGINT NOT NULL DEFAULT 0, -- bytes written so far
  reason TEXT CHECK (reason IN ('no_longer', 'too_many', 'too_large', 'stopped')), -- why it failed
  attempts INTEGER NOT NULL DEFAULT 0, -- how often a worker began
  due_at TIMESTAMPTZ DEFAULT now(), -- while leased: when the lease ends; NULL: nothing is left to do
  lease_token UUID,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  started_at TIMESTAMPTZ,
  finished_at TIMESTAMPTZ
) WITH (fillfactor = 70);
CREATE INDEX exports_due ON exports (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX exports_member ON exports (member_id, created_at DESC);
CREATE INDEX exports_created ON exports (created_at);

-- In the database, because processes on several machines share nothing else.
CREATE TABLE export_chunks (
  export_id UUID REFERENCES exports (id) ON DELETE CASCADE,
  number INTEGER,
  content BYTEA NOT NULL,
  PRIMARY KEY (export_id, number)
);

-- Whoever does not reach all of an export reaches none of it.
ALTER TABLE exports ENABLE ROW LEVEL SECURITY;
ALTER TABLE exports FORCE ROW LEVEL SECURITY;
CREATE POLICY reach ON exports USING (
  (SELECT current_setting('onebooking.reach', true)) = '*'
  OR websites <@ (SELECT string_to_array(current_setting('onebooking.reach', true), ','))
);
ALTER TABLE export_chunks ENABLE ROW LEVEL SECURITY;
ALTER TABLE export_chunks FORCE ROW LEVEL SECURITY;
CREATE POLICY reach ON export_chunks USING (
  (SELECT current_setting('onebooking.reach', true)) = '*'
  OR EXISTS (SELECT FROM exports WHERE exports.id = export_id)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON exports, export_chunks TO onebooking_app;
