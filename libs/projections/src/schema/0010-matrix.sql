-- What a product requires on the ways between its releases; marks of releases, also those that hold no longer.
alter table roll.product add column if not exists requires jsonb not null default '[]';
alter table roll.product add column if not exists marks jsonb not null default '[]';
