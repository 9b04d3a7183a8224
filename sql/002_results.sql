-- Wins only. A win is the unit-th of its prize ever and the day_unit-th of its prize that day: the unique indexes
-- are the last guard against overselling, and their greatest entry is the count of wins.
create table result (
  id uuid primary key,
  user_id text not null,
  prize_id text not null references prize (id),
  draw_date date not null,
  unit bigint not null check (unit > 0),
  day_unit bigint not null check (day_unit > 0),
  created_at timestamptz not null,
  phone_no text,
  redeemed_at timestamptz,
  unique (user_id, draw_date),
  unique (prize_id, unit),
  unique (prize_id, draw_date, day_unit)
);
