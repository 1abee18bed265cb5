-- The append-only book. One row of `head` is held while positions are given, so positions are dense and in commit order.

create schema if not exists ledger;

create table if not exists ledger.head (
  only_row boolean primary key default true check (only_row),
  position bigint not null check (position >= 0),
  recorded_at timestamptz not null
) with (fillfactor = 10);

insert into ledger.head (position, recorded_at) values (0, 'epoch') on conflict do nothing;

create table if not exists ledger.event (
  position bigint primary key check (position > 0),
  stream text collate "C" not null,
  version integer not null check (version > 0),
  type text collate "C" not null,
  command_id uuid not null,
  -- Place of the event within its command; the event's id is the pair.
  ordinal smallint not null check (ordinal >= 0),
  -- Only on ordinal 0: what the command asked, and how many events it gave, to answer a repeat.
  command_digest bytea check (octet_length(command_digest) = 32),
  command_events smallint,
  leaf_hash bytea not null check (octet_length(leaf_hash) = 32),
  -- 65,535 bytes is what a C2SP tlog-tiles entry can hold.
  envelope bytea not null check (octet_length(envelope) <= 65535),
  unique (stream, version)
);

create unique index if not exists event_command on ledger.event (command_id) where ordinal = 0;

create table if not exists ledger.blob (
  sha256 bytea primary key check (octet_length(sha256) = 32),
  stored_at timestamptz not null default clock_timestamp(),
  bytes bytea not null check (octet_length(bytes) <= 16777216)
);

create or replace function ledger.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'the ledger is append-only: % on %.% is refused', tg_op, tg_table_schema, tg_table_name
    using errcode = 'restrict_violation';
end $$;

-- ENABLE ALWAYS: a session in replication mode may not slip past them.
create or replace trigger no_change before update or delete on ledger.event
  for each row execute function ledger.refuse_change();
create or replace trigger no_truncate before truncate on ledger.event
  for each statement execute function ledger.refuse_change();
create or replace trigger no_change before update or delete on ledger.blob
  for each row execute function ledger.refuse_change();
create or replace trigger no_truncate before truncate on ledger.blob
  for each statement execute function ledger.refuse_change();
create or replace trigger no_removal before delete on ledger.head
  for each row execute function ledger.refuse_change();
create or replace trigger no_truncate before truncate on ledger.head
  for each statement execute function ledger.refuse_change();
alter table ledger.event enable always trigger no_change;
alter table ledger.event enable always trigger no_truncate;
alter table ledger.blob enable always trigger no_change;
alter table ledger.blob enable always trigger no_truncate;
alter table ledger.head enable always trigger no_removal;
alter table ledger.head enable always trigger no_truncate;
