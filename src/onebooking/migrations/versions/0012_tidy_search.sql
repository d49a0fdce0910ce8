-- New words wait in a list until somebody sorts them into the index. Nobody's sync does that: the
-- worker does, every few seconds, and autovacuum; a search reads the list as well.
CREATE OR REPLACE FUNCTION ensure_search_index() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  home TEXT;
BEGIN
  IF to_regclass('booking_words_trigrams') IS NULL THEN
    BEGIN
      CREATE EXTENSION IF NOT EXISTS pg_trgm;
    EXCEPTION WHEN OTHERS THEN
      RAISE WARNING 'pg_trgm cannot be created, so searching is slow: %', SQLERRM;
      RETURN false;
    END;
    SELECT nspname INTO home
    FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace
    WHERE extname = 'pg_trgm';
    EXECUTE format(
      'CREATE INDEX booking_words_trigrams ON booking_words USING gin (words %I.gin_trgm_ops)', home);
  END IF;
  ALTER INDEX booking_words_trigrams SET (gin_pending_list_limit = 65536); -- 64 MiB
  RETURN true;
END $$;
SELECT ensure_search_index();

-- As the index's owner, which PostgreSQL asks for.
CREATE FUNCTION tidy_search() RETURNS bigint LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF to_regclass('booking_words_trigrams') IS NULL THEN
    RETURN 0;
  END IF;
  RETURN gin_clean_pending_list('booking_words_trigrams');
END $$;
REVOKE EXECUTE ON FUNCTION tidy_search FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tidy_search TO onebooking_app;

-- What failed is rare in the log, and looked for.
CREATE INDEX sync_logs_failed ON sync_logs (website_id, created_at DESC, id DESC)
  WHERE status <> 'success';
