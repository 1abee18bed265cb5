-- Marks of releases, also those that hold no longer.
alter table roll.product add column if not exists marks jsonb not null default '[]';
