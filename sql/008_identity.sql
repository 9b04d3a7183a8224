-- Who this product is, whatever it is called where: Redis keeps the id beside its data, so that a server that is led to
-- another product's Redis notices it. A dump keeps it, a new database has one of its own.
create table identity (
  only_row boolean primary key default true check (only_row),
  id uuid not null default gen_random_uuid()
);

insert into identity default values;
