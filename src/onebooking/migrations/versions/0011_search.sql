-- What a search reads: the words of each booking, lower-cased, apart from it. Row-level security
-- keeps an index on text from being used, since comparing text may betray it in an error, and the
-- planner from knowing how often a word occurs. So these words have no policy but a wall: nobody is
-- granted them, and the one view that shows them holds the reach itself (docs/decisions).
CREATE TABLE booking_words (
  booking_id UUID PRIMARY KEY, -- no foreign key: every sync would pay for it
  website_id TEXT NOT NULL,
  words TEXT NOT NULL
);
ALTER TABLE booking_words ALTER COLUMN words SET STATISTICS 500; -- how common is a term?
CREATE INDEX booking_words_website ON booking_words (website_id);

CREATE FUNCTION words_of(
  booking_ref TEXT, customer_name TEXT, customer_email TEXT, customer_phone TEXT, hotel_name TEXT
) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  -- A space before each: a word's beginning can be looked for.
  SELECT lower(' ' || booking_ref || ' ' || customer_name || ' ' || customer_email
    || coalesce(' ' || customer_phone, '') || coalesce(' ' || hotel_name, ''))
$$;

CREATE FUNCTION add_words() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO booking_words
  SELECT id, website_id,
    words_of(booking_ref, customer_name, customer_email, customer_phone, hotel_name)
  FROM added;
  RETURN NULL;
END $$;
CREATE TRIGGER add_words AFTER INSERT ON bookings REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION add_words();

CREATE FUNCTION change_words() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE booking_words SET words = words_of(NEW.booking_ref, NEW.customer_name,
    NEW.customer_email, NEW.customer_phone, NEW.hotel_name)
  WHERE booking_id = NEW.id;
  RETURN NULL;
END $$;
CREATE TRIGGER change_words AFTER UPDATE ON bookings FOR EACH ROW
  WHEN ((OLD.booking_ref, OLD.customer_name, OLD.customer_email, OLD.customer_phone, OLD.hotel_name)
    IS DISTINCT FROM
    (NEW.booking_ref, NEW.customer_name, NEW.customer_email, NEW.customer_phone, NEW.hotel_name))
  EXECUTE FUNCTION change_words();

CREATE FUNCTION forget_words() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    TRUNCATE booking_words;
  ELSE
    DELETE FROM booking_words WHERE booking_id = OLD.id;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER forget_words AFTER DELETE ON bookings FOR EACH ROW EXECUTE FUNCTION forget_words();
CREATE TRIGGER forget_all_words AFTER TRUNCATE ON bookings EXECUTE FUNCTION forget_words();

INSERT INTO booking_words
SELECT id, website_id,
  words_of(booking_ref, customer_name, customer_email, customer_phone, hotel_name)
FROM bookings;
ANALYZE booking_words;

-- No security barrier: only so a term finds its index. It takes our own SQL to ask it, and the
-- bookings that are found are read through their own policy.
CREATE VIEW searchable AS
SELECT booking_id, website_id, words FROM booking_words
WHERE (SELECT current_setting('onebooking.reach', true) = '*')
  OR website_id = ANY ((SELECT string_to_array(current_setting('onebooking.reach', true), ','))::text[]);
GRANT SELECT ON searchable TO onebooking_app;

-- The index on any three letters takes an extension that comes with PostgreSQL, and that whoever
-- owns the database may usually create. Where not, a search reads all words until somebody has.
CREATE FUNCTION ensure_search_index() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  home TEXT;
BEGIN
  IF to_regclass('booking_words_trigrams') IS NOT NULL THEN
    RETURN true;
  END IF;
  BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
  EXCEPTION WHEN OTHERS THEN
    RAISE WARNING 'pg_trgm cannot be created, so searching is slow: %', SQLERRM;
    RETURN false;
  END;
  SELECT nspname INTO home FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace
  WHERE extname = 'pg_trgm';
  EXECUTE format(
    'CREATE INDEX booking_words_trigrams ON booking_words USING gin (words %I.gin_trgm_ops)', home);
  RETURN true;
END $$;
SELECT ensure_search_index();

-- Pages in every order, of all websites and of one, and the look-ups that pages make. An index that
-- has the website too answers without the row, under the policy as well.
DROP INDEX idx_bookings_website_id, idx_bookings_activity_date, idx_bookings_updated_at,
  idx_bookings_booking_ref, idx_bookings_status;
CREATE INDEX idx_bookings_activity_date ON bookings (activity_date, id) INCLUDE (website_id);
CREATE INDEX idx_bookings_created_at ON bookings (created_at, id) INCLUDE (website_id);
CREATE INDEX idx_bookings_updated_at ON bookings (updated_at, id) INCLUDE (website_id);
CREATE INDEX idx_bookings_booking_ref ON bookings (booking_ref, id) INCLUDE (website_id);
CREATE INDEX idx_bookings_website_id ON bookings (website_id, activity_date, id)
  INCLUDE (status, guest_count); -- the overview's weeks are counted from it alone
CREATE INDEX bookings_created ON bookings (website_id, created_at, id);
CREATE INDEX bookings_updated ON bookings (website_id, updated_at, id);
CREATE INDEX bookings_ref ON bookings (website_id, booking_ref, id);
CREATE INDEX idx_bookings_status ON bookings (status, website_id);
CREATE INDEX idx_bookings_customer_phone ON bookings (customer_phone)
  WHERE customer_phone IS NOT NULL;
CREATE INDEX conflicts_booking ON conflicts (booking_id, created_at);
