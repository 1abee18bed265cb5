-- Waves of a rollout, and the gates behind them.

alter table roll.rollout add column if not exists generation integer not null default 1;
alter table roll.rollout add column if not exists waves jsonb not null default '[]';
alter table roll.rollout_node add column if not exists wave integer not null default 1;

create table if not exists roll.rollout_gate (
  rollout text collate "C" not null,
  -- How often the rollout's gates were opened, and the gate's place in the strategy.
  round integer not null,
  gate integer not null,
  wave integer not null,
  kind text not null,
  state text not null,
  verdict text,
  reason text,
  says text,
  samples integer not null,
  opened_at text not null,
  due_by text not null,
  hold_by text,
  judged_at text,
  decided_by text,
  -- The numbers behind the last verdict, and what it was decided on.
  method jsonb not null,
  found jsonb not null,
  position bigint not null,
  primary key (rollout, round, gate)
);

alter table roll.rollout_gate owner to rollbook_rolls;
grant select on all tables in schema roll to rollbook_app;
