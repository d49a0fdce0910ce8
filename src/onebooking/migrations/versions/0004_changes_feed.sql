-- The transaction that last changed a booking. Those below the oldest one still running are all
-- there to be seen: reading up to it in this order misses nothing, whoever commits when.
ALTER TABLE bookings ADD COLUMN changed_in BIGINT NOT NULL DEFAULT 0;
ALTER TABLE bookings ALTER COLUMN changed_in
  SET DEFAULT CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT);
CREATE INDEX bookings_changed ON bookings (website_id, changed_in, id);

CREATE FUNCTION mark_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.changed_in := CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT);
  RETURN NEW;
END $$;
CREATE TRIGGER mark_changed BEFORE UPDATE ON bookings FOR EACH ROW
  WHEN (OLD.version IS DISTINCT FROM NEW.version OR OLD.erased_at IS DISTINCT FROM NEW.erased_at)
  EXECUTE FUNCTION mark_changed();

-- What each website's last digest of a day said, beside what the hub held then.
CREATE TABLE digests (
  website_id TEXT REFERENCES websites (id),
  activity_date DATE,
  there INTEGER NOT NULL, -- bookings of that day at the website
  here INTEGER NOT NULL, -- and at the hub
  agrees BOOLEAN NOT NULL,
  compared_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (website_id, activity_date)
);
ALTER TABLE digests ENABLE ROW LEVEL SECURITY;
ALTER TABLE digests FORCE ROW LEVEL SECURITY;
CREATE POLICY reach ON digests USING (
  (SELECT current_setting('onebooking.reach', true)) = '*'
  OR website_id = ANY ((SELECT string_to_array(current_setting('onebooking.reach', true), ','))::text[])
);
GRANT SELECT, INSERT, UPDATE, DELETE ON digests TO onebooking_app;
