-- Who may do what. Group roles only: logins are made per installation and put into a group.
--   rollbook_owner  owns the ledger; nobody logs in as it
--   rollbook_app    may append through the function and read; owns nothing
do $$
declare
  v_role text;
begin
  foreach v_role in array array['rollbook_owner', 'rollbook_app'] loop
    begin
      execute format('create role %I nologin', v_role);
    exception when duplicate_object or unique_violation then
      null; -- roles belong to the whole server: another database of it was there first
    end;
  end loop;
  if not (select rolsuper from pg_roles where rolname = current_user) then
    execute format('grant rollbook_owner to %I', current_user);
  end if;
end $$;

grant create on schema ledger to rollbook_owner;
alter table ledger.head owner to rollbook_owner;
alter table ledger.event owner to rollbook_owner;
alter table ledger.blob owner to rollbook_owner;
alter function ledger.refuse_change() owner to rollbook_owner;
alter function ledger.append(text[], integer[], uuid[], bytea, integer[], integer[], integer[], text[], integer[], bytea,
  integer[], text[], integer[]) owner to rollbook_owner;
alter function ledger.put_blob(bytea, bytea) owner to rollbook_owner;
alter schema ledger owner to rollbook_owner;

revoke all on schema ledger from public;
revoke all on all tables in schema ledger from public;
revoke all on all functions in schema ledger from public;
grant usage on schema ledger to rollbook_app;
grant select on ledger.head, ledger.event, ledger.blob to rollbook_app;
grant execute on function ledger.append(text[], integer[], uuid[], bytea, integer[], integer[], integer[], text[],
  integer[], bytea, integer[], text[], integer[]) to rollbook_app;
grant execute on function ledger.put_blob(bytea, bytea) to rollbook_app;
