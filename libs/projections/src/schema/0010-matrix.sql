-- Whether a catalogue says how to upgrade a product; what it requires on the ways between its releases; marks of releases,
-- also those that hold no longer; and what is known of its life cycle.
alter table roll.product add column if not exists managed boolean not null default true;
alter table roll.product add column if not exists requires jsonb not null default '[]';
alter table roll.product add column if not exists marks jsonb not null default '[]';
alter table roll.product add column if not exists lifecycle jsonb;
