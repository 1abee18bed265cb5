-- The read models. Times are RFC 3339 texts in UTC, which sort as they follow each other.

create table if not exists roll.fleet (
  node text collate "C" primary key,
  product text collate "C" not null,
  site text collate "C" not null,
  version text,
  health text not null,
  state text not null,
  -- The last change of version or state.
  since text not null,
  rollout text,
  reason text,
  labels jsonb not null,
  stream_version integer not null,
  position bigint not null
);

create table if not exists roll.history (
  position bigint primary key,
  node text collate "C" not null,
  version integer not null,
  type text not null,
  occurred_at text not null,
  recorded_at text not null,
  rollout text,
  actor text not null,
  event_id text not null,
  causation text,
  correlation text not null,
  data jsonb not null
);
create index if not exists history_node on roll.history (node, position);

create table if not exists roll.rollout (
  rollout text collate "C" primary key,
  product text collate "C" not null,
  target text not null,
  state text not null,
  reason text,
  digest text not null,
  selector text not null,
  strategy jsonb not null,
  nodes integer not null,
  tally jsonb not null,
  planned_at text not null,
  planned_by text not null,
  start_by text not null,
  started_at text,
  ended_at text,
  resume_by text,
  stream_version integer not null,
  position bigint not null
);

create table if not exists roll.rollout_node (
  rollout text collate "C" not null,
  node text collate "C" not null,
  ordinal integer not null,
  from_version text not null,
  state text not null,
  result text,
  step text,
  step_title text,
  steps_done integer not null,
  steps integer not null,
  reason text,
  started_at text,
  ended_at text,
  position bigint not null,
  primary key (rollout, node)
);
create index if not exists rollout_node_order on roll.rollout_node (rollout, ordinal);

create table if not exists roll.product (
  product text collate "C" primary key,
  name text not null,
  releases jsonb not null,
  paths jsonb not null,
  runbooks jsonb not null,
  stream_version integer not null,
  position bigint not null
);

create table if not exists roll.certification (
  product text collate "C" not null,
  version text collate "C" not null,
  cases integer not null,
  verified integer not null,
  failed integer not null,
  inconsistent integer not null,
  migrations integer not null,
  manual integer not null,
  backups integer not null,
  rollbacks integer not null,
  rollbacks_proven integer not null,
  from_versions jsonb not null,
  first_at text,
  last_at text,
  position bigint not null,
  primary key (product, version)
);

alter table roll.fleet owner to rollbook_rolls;
alter table roll.history owner to rollbook_rolls;
alter table roll.rollout owner to rollbook_rolls;
alter table roll.rollout_node owner to rollbook_rolls;
alter table roll.product owner to rollbook_rolls;
alter table roll.certification owner to rollbook_rolls;
grant select on all tables in schema roll to rollbook_app;
