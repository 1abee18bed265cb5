-- Read models: everything here can be deleted and rebuilt from the ledger.
--   rollbook_rolls  owns the read models and makes their next versions
do $$
begin
  begin
    create role rollbook_rolls nologin;
  exception when duplicate_object or unique_violation then
    null; -- another database of this server was there first
  end;
  if not (select rolsuper from pg_roles where rolname = current_user) then
    execute format('grant rollbook_rolls to %I', current_user);
  end if;
end $$;

create schema if not exists roll;
alter schema roll owner to rollbook_rolls;
grant usage on schema roll to rollbook_app;
alter default privileges for role rollbook_rolls in schema roll grant select on tables to rollbook_app;
