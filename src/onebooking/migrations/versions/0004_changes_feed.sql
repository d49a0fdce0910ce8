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
  WHEN (OLD.version IS DISTINCT FROM NEW.version)
  EXECUTE FUNCTION mark_changed();
