-- Draws that anybody can check: what a day was sealed with, its log, and its close. The format: src/verify/README.md.
alter table campaign
  add column verifiable boolean not null default false,
  add column proof_names text not null default 'sealed' check (proof_names in ('sealed', 'open'));

create table proof_day (
  campaign_id text not null,
  draw_date date not null,
  seal text not null, -- a signed note
  ends_at timestamptz not null,
  shards int not null,
  key_text text not null, -- key.txt
  beacon_signature text, -- hex; empty: the day goes on without it
  close text, -- a signed note
  primary key (campaign_id, draw_date)
);

-- How far the log of a shard is kept.
create table proof_log (
  campaign_id text not null,
  draw_date date not null,
  shard smallint not null,
  begun_in text not null, -- the name of the day's data in Redis then
  size bigint not null default 0, -- lines
  draws bigint not null default 0, -- that are not void
  next_seq bigint not null default 0,
  bytes bigint not null default 0, -- of the file
  frontier bytea not null default '', -- the roots of its perfect subtrees, 32 bytes each, the largest first
  checkpoint text, -- the newest, a signed note
  closed boolean not null default false, -- no more lines come
  holder text, -- the server that moves lines here
  held_until timestamptz,
  primary key (campaign_id, draw_date, shard)
);

create table proof_chunk (
  campaign_id text not null,
  draw_date date not null,
  shard smallint not null,
  first_index bigint not null, -- of its lines
  first_seq bigint not null,
  lines int not null,
  first_byte bigint not null, -- in the file
  bytes int not null, -- unpacked
  packed bytea not null, -- a gzip member: several in a row are a gzip file
  blocks bytea not null, -- the roots of the blocks of 256 lines, the first at a multiple of 256, that end in this chunk
  checkpoint text not null, -- a signed note
  primary key (campaign_id, draw_date, shard, first_index)
);

-- The lines of wins that are not void.
create table proof_win (
  campaign_id text not null,
  draw_date date not null,
  shard smallint not null,
  seq bigint not null,
  prize_id text not null,
  unit bigint not null,
  p text not null, -- who won, as the log names them
  primary key (campaign_id, draw_date, shard, seq)
);

create index proof_win_of_unit on proof_win (campaign_id, prize_id, unit);

create table proof_moments (
  campaign_id text not null,
  draw_date date not null,
  hash text not null,
  moments text not null, -- lines id, prize_id, at in milliseconds
  primary key (campaign_id, draw_date, hash)
);
