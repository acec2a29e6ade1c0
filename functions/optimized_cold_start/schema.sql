-- The tables of optimized_cold_start in PostgreSQL. Apply once:  psql "$DATABASE_URL" -f schema.sql
CREATE TABLE IF NOT EXISTS orders (
  id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id    TEXT NOT NULL,
  amount     NUMERIC NOT NULL,
  status     TEXT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- What fetch_data looks up by its key.
CREATE TABLE IF NOT EXISTS items (
  id         TEXT PRIMARY KEY,
  value      TEXT NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

INSERT INTO items (id, value) VALUES ('user:1', 'Ada'), ('user:2', 'Grace'), ('user:3', 'Edsger')
ON CONFLICT (id) DO NOTHING;
