-- What each day has at each website, so that no page counts bookings. Whoever writes bookings only
-- ever adds a line to `day_additions`, with the booking: nobody waits for anybody. Every few seconds
-- a worker folds those lines into `day_totals`. Both together are exact at every moment, also while
-- no worker runs (docs/decisions).

-- For the bookings first, as a worker does that is at work: the foreign key below waits for the
-- websites, and each would wait for the other.
LOCK TABLE bookings IN SHARE ROW EXCLUSIVE MODE;

CREATE TABLE day_totals (
  activity_date DATE,
  website_id TEXT REFERENCES websites (id),
  currency TEXT,
  bookings BIGINT NOT NULL,
  guests BIGINT NOT NULL,
  pickups BIGINT NOT NULL, -- bookings whose guests are fetched
  amount BIGINT NOT NULL, -- in the website's unit
  PRIMARY KEY (activity_date, website_id, currency) -- the days of a page lie together
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);

-- No key and no index: a sync pays for one line. What was folded is cleared away soon, because every
-- reader passes it.
CREATE TABLE day_additions (
  activity_date DATE NOT NULL,
  website_id TEXT NOT NULL,
  currency TEXT NOT NULL,
  bookings BIGINT NOT NULL, -- below zero where they went
  guests BIGINT NOT NULL,
  pickups BIGINT NOT NULL,
  amount BIGINT NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
-- Where somebody publishes all tables, nothing is deleted from one that has no identity.
ALTER TABLE day_additions REPLICA IDENTITY FULL;

DO $$
DECLARE
  guarded TEXT;
BEGIN
  FOREACH guarded IN ARRAY ARRAY['day_totals', 'day_additions'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', guarded);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', guarded);
    EXECUTE format($policy$
      CREATE POLICY reach ON %I USING (
        (SELECT current_setting('onebooking.reach', true)) = '*'
        OR website_id = ANY ((SELECT string_to_array(current_setting('onebooking.reach', true), ','))::text[])
      )
    $policy$, guarded);
  END LOOP;
END $$;

-- The one way to read them: neither half says anything alone. Under the reader's own policies.
CREATE VIEW days WITH (security_invoker) AS
SELECT activity_date, website_id, currency, CAST(sum(bookings) AS bigint) AS bookings,
  CAST(sum(guests) AS bigint) AS guests, CAST(sum(pickups) AS bigint) AS pickups,
  CAST(sum(amount) AS bigint) AS amount
FROM (TABLE day_totals UNION ALL TABLE day_additions) AS parts
GROUP BY activity_date, website_id, currency;

-- Nobody but these triggers and functions writes them.
GRANT SELECT ON day_totals, day_additions, days TO onebooking_app;

-- Who is expected or was there; `COUNTED` in Python says the same.
CREATE FUNCTION is_counted(status TEXT) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT status IN ('pending', 'confirmed', 'completed', 'no_show')
$$;

CREATE FUNCTION add_to_days() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  way CONSTANT INTEGER := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END;
BEGIN
  INSERT INTO day_additions
  SELECT activity_date, website_id, currency, way * count(*), way * sum(guest_count),
    way * count(*) FILTER (WHERE transport_type <> 'self_arrange'), way * sum(total_amount)
  FROM touched WHERE is_counted(status)
  GROUP BY activity_date, website_id, currency;
  RETURN NULL;
END $$;
CREATE TRIGGER add_to_days AFTER INSERT ON bookings REFERENCING NEW TABLE AS touched
  FOR EACH STATEMENT EXECUTE FUNCTION add_to_days();
CREATE TRIGGER take_from_days AFTER DELETE ON bookings REFERENCING OLD TABLE AS touched
  FOR EACH STATEMENT EXECUTE FUNCTION add_to_days();

CREATE FUNCTION move_between_days() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO day_additions
  SELECT activity_date, website_id, currency, way, way * CAST(guest_count AS bigint),
    CASE WHEN transport_type <> 'self_arrange' THEN way ELSE 0 END,
    way * CAST(total_amount AS bigint)
  FROM (VALUES
    (-1, OLD.status, OLD.activity_date, OLD.website_id, OLD.currency, OLD.guest_count,
      OLD.transport_type, OLD.total_amount),
    (1, NEW.status, NEW.activity_date, NEW.website_id, NEW.currency, NEW.guest_count,
      NEW.transport_type, NEW.total_amount)
  ) AS touched (way, status, activity_date, website_id, currency, guest_count, transport_type,
    total_amount)
  WHERE is_counted(status);
  RETURN NULL;
END $$;
-- Confirmed, then completed: that is no change here, and most changes are such.
CREATE TRIGGER move_between_days AFTER UPDATE ON bookings FOR EACH ROW
  WHEN ((is_counted(OLD.status) OR is_counted(NEW.status))
    AND (is_counted(OLD.status), OLD.activity_date, OLD.website_id, OLD.currency, OLD.guest_count,
      OLD.transport_type, OLD.total_amount)
    IS DISTINCT FROM (is_counted(NEW.status), NEW.activity_date, NEW.website_id, NEW.currency,
      NEW.guest_count, NEW.transport_type, NEW.total_amount))
  EXECUTE FUNCTION move_between_days();

CREATE FUNCTION forget_days() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  TRUNCATE day_totals, day_additions;
  RETURN NULL;
END $$;
CREATE TRIGGER forget_days AFTER TRUNCATE ON bookings EXECUTE FUNCTION forget_days();

-- Fold `most` lines and say how many they were. One at a time: whoever comes second has nothing to do.
CREATE FUNCTION fold_days(most INTEGER) RETURNS integer LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  folded INTEGER;
BEGIN
  IF NOT pg_try_advisory_xact_lock(45072) THEN -- any number that nothing else on the server locks
    RETURN 0;
  END IF;
  WITH gone AS (
    DELETE FROM day_additions WHERE ctid = ANY (ARRAY(SELECT ctid FROM day_additions LIMIT most))
    RETURNING *
  ), added AS (
    INSERT INTO day_totals AS total
    SELECT activity_date, website_id, currency, sum(bookings), sum(guests), sum(pickups), sum(amount)
    FROM gone GROUP BY activity_date, website_id, currency
    ON CONFLICT (activity_date, website_id, currency) DO UPDATE SET
      bookings = total.bookings + excluded.bookings, guests = total.guests + excluded.guests,
      pickups = total.pickups + excluded.pickups, amount = total.amount + excluded.amount
  )
  SELECT count(*) INTO folded FROM gone;
  RETURN folded;
END $$;

-- What would have to be added to be right: nothing, unless bookings were written past the triggers.
-- One snapshot sees bookings and sums as they were at one moment.
CREATE FUNCTION wrong_days(first DATE, last DATE) RETURNS SETOF day_additions
LANGUAGE sql STABLE AS $$
  SELECT activity_date, website_id, currency, CAST(sum(bookings) AS bigint),
    CAST(sum(guests) AS bigint), CAST(sum(pickups) AS bigint), CAST(sum(amount) AS bigint)
  FROM (
    SELECT activity_date, website_id, currency, count(*) AS bookings, sum(guest_count) AS guests,
      count(*) FILTER (WHERE transport_type <> 'self_arrange') AS pickups,
      sum(total_amount) AS amount
    FROM bookings WHERE is_counted(status) AND activity_date BETWEEN first AND last
    GROUP BY activity_date, website_id, currency
    UNION ALL
    SELECT activity_date, website_id, currency, -bookings, -guests, -pickups, -amount
    FROM days WHERE activity_date BETWEEN first AND last
  ) AS both_sides
  GROUP BY activity_date, website_id, currency
  HAVING (sum(bookings), sum(guests), sum(pickups), sum(amount)) <> (0, 0, 0, 0)
$$;

-- Add just that, while everybody goes on writing; how many sums were wrong.
CREATE FUNCTION recount_days() RETURNS bigint LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  mended BIGINT;
BEGIN
  PERFORM pg_advisory_xact_lock(45073); -- two would add it twice
  INSERT INTO day_additions SELECT * FROM wrong_days('-infinity', 'infinity');
  GET DIAGNOSTICS mended = ROW_COUNT;
  RETURN mended;
END $$;

REVOKE EXECUTE ON FUNCTION fold_days, wrong_days, recount_days FROM PUBLIC;
GRANT EXECUTE ON FUNCTION fold_days, wrong_days, recount_days TO onebooking_app;

-- The triggers above let nobody write bookings until this commits: what is counted here is all.
SELECT recount_days();
SELECT fold_days(2147483647);
ANALYZE day_totals;
