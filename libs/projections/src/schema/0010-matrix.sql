-- Whether a catalogue says how to upgrade a product; what it requires on the ways between its releases; marks of releases,
-- also those that hold no longer; and what is known of its life cycle.
alter table roll.product add column if not exists managed boolean not null default true;
alter table roll.product add column if not exists requires jsonb not null default '[]';
alter table roll.product add column if not exists marks jsonb not null default '[]';
alter table roll.product add column if not exists lifecycle jsonb;

-- The policy that a rollout was planned under.
alter table roll.rollout add column if not exists policy_digest text not null default '';
alter table roll.rollout add column if not exists warnings jsonb not null default '[]';
alter table roll.rollout add column if not exists exceptions jsonb not null default '[]';
