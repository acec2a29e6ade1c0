-- The tables of critical_handler, standard_handler and batch_handler in PostgreSQL.
-- Apply once:  psql "$DATABASE_URL" -f schema.sql
CREATE TABLE IF NOT EXISTS payment_authorizations (
  id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  request_id   TEXT NOT NULL UNIQUE,
  user_id      TEXT NOT NULL,
  amount_cents BIGINT NOT NULL,
  currency     TEXT NOT NULL,
  status       TEXT NOT NULL,
  created_at   TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS enriched_orders (
  id              BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  request_id      TEXT NOT NULL UNIQUE,
  user_id         TEXT NOT NULL,
  amount_cents    BIGINT NOT NULL,
  currency        TEXT NOT NULL,
  item_count      BIGINT NOT NULL,
  customer_name   TEXT NOT NULL,
  customer_email  TEXT NOT NULL,
  customer_status TEXT NOT NULL,
  priority        TEXT NOT NULL,
  received_at     TIMESTAMPTZ NOT NULL
);
