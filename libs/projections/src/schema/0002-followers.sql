-- What followers of the ledger keep: how far they are, who may act, what they had to set aside.

create table if not exists roll.follower (
  name text collate "C" primary key,
  position bigint not null default 0,
  -- What else must move together with the position, such as the counters of a publisher.
  memory jsonb not null default '{}'
);

create table if not exists roll.lease (
  name text collate "C" primary key,
  holder text not null,
  -- Rises with every change of hands; what a former holder still tries to write carries an older one.
  epoch bigint not null,
  expires_at timestamptz not null
);

-- An event that a read model could not take, and the key that waits behind it.
create table if not exists roll.parked (
  projection text collate "C" not null,
  key text collate "C" not null,
  position bigint not null,
  behind integer not null default 0,
  reason text not null,
  parked_at timestamptz not null default clock_timestamp(),
  primary key (projection, key)
);

-- Signed orders of sites that pull.
create table if not exists roll.mailbox (
  site text collate "C" not null,
  position bigint not null,
  node text collate "C" not null,
  message text not null,
  expires_at text not null,
  primary key (site, position)
);

-- Deadlines that the conductor waits for.
create table if not exists roll.timer (
  name text collate "C" primary key,
  due_at text collate "C" not null,
  subject jsonb not null
);
create index if not exists timer_due on roll.timer (due_at);

alter table roll.follower owner to rollbook_rolls;
alter table roll.lease owner to rollbook_rolls;
alter table roll.parked owner to rollbook_rolls;
alter table roll.mailbox owner to rollbook_rolls;
alter table roll.timer owner to rollbook_rolls;
grant select on all tables in schema roll to rollbook_app;
