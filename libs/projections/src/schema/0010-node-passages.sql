-- What a product's catalogue says beside releases, paths and runbooks.
alter table roll.product add column if not exists methods jsonb not null default '[]';
alter table roll.product add column if not exists downgrades jsonb not null default '[]';
alter table roll.product add column if not exists procedures jsonb not null default '[]';

-- What a person was, or is, asked to decide at a node; the latest of each node.
create table if not exists roll.review (
  node text collate "C" primary key,
  product text collate "C" not null,
  rollout text not null,
  order_id text not null,
  phase text not null,
  runbook text not null,
  step text not null,
  title text not null,
  evidence jsonb not null,
  state text not null,
  asked_at text not null,
  decide_by text not null,
  decided_at text,
  decided_by text,
  reason text,
  position bigint not null
);
create index if not exists review_pending on roll.review (decide_by) where state = 'pending';

alter table roll.review owner to rollbook_rolls;
grant select on roll.review to rollbook_app;
