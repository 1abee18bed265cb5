-- Appends many items in one statement. Arrays are parallel: one place per item, or one per event, or one per guard.
--   p_expects    >= 0: the stream's version must be this; -1: any; -2: the stream must exist
--   p_digests    32 bytes per item, end to end
--   p_bodies     canonical JSON objects end to end, p_lengths long each; the server puts "_ledger" in front, which
--                sorts before every lower-case key, so the whole stays canonical (RFC 8785)
-- Outcomes: appended, repeated (the first result of that command), command-reused, conflict, guard.
create or replace function ledger.append(
  p_streams text[], p_expects integer[], p_commands uuid[], p_digests bytea, p_counts integer[],
  p_event_items integer[], p_ordinals integer[], p_types text[], p_lengths integer[], p_bodies bytea,
  p_guard_items integer[], p_guard_streams text[], p_guard_versions integer[]
) returns table (
  item integer, outcome text, last_position bigint, last_version integer, wrong_stream text, wrong_version integer
) language plpgsql security definer
-- A custom plan would be made anew for each call and costs more than the call itself. The one plan is made by the first call
-- of a connection, perhaps on an empty ledger without statistics, and must be as good for a million events: the index, always.
set search_path = pg_catalog set plan_cache_mode = force_generic_plan set jit = off
set enable_seqscan = off set enable_bitmapscan = off as $$
#variable_conflict use_column
declare
  v_head bigint;
  v_at timestamptz;
  v_stamp text;
begin
  -- The caller separates such items into different calls; without that they would be judged against the same past.
  if exists (
    select from unnest(p_streams, p_expects) i(stream, expect)
    group by i.stream having count(*) > 1 and max(i.expect) filter (where i.expect <> -1) is not null
  ) or exists (select from unnest(p_guard_streams) g(stream) where g.stream = any (p_streams)) then
    raise exception 'items of one call depend on each other' using errcode = 'invalid_parameter_value';
  end if;

  select h.position, h.recorded_at into strict v_head, v_at from ledger.head h for update;
  -- Never backwards, whatever the clock does: recorded-at rises with the position.
  v_at := greatest(v_at, date_trunc('milliseconds', clock_timestamp()));
  v_stamp := '"recordedAt":"' || to_char(v_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '","version":';

  return query
  with wanted as (
    select i.*, substr(p_digests, (i.item * 32 - 31)::integer, 32) as digest, coalesce(c.version, 0) as version, p.position as prior_position, p.version as prior_version,
           p.command_digest as prior_digest, p.command_events as prior_events
    from unnest(p_streams, p_expects, p_commands, p_counts) with ordinality i(stream, expect, command, events, item)
    left join lateral (
      select e.version from ledger.event e where e.stream = i.stream order by e.version desc limit 1
    ) c on true
    left join lateral (
      select e.position, e.version, e.command_digest, e.command_events from ledger.event e
      where e.command_id = i.command and e.ordinal = 0 limit 1
    ) p on true
  ), broken_guard as (
    select distinct on (g.item) g.item, g.stream, coalesce(c.version, 0) as version
    from unnest(p_guard_items, p_guard_streams, p_guard_versions) g(item, stream, version)
    left join lateral (
      select e.version from ledger.event e where e.stream = g.stream order by e.version desc limit 1
    ) c on true
    where coalesce(c.version, 0) <> g.version
    order by g.item, g.stream collate "C"
  ), judged as (
    select w.*, g.stream as guard_stream, g.version as guard_version,
      case
        when w.prior_position is not null and w.prior_digest = w.digest then 'repeated'
        when w.prior_position is not null then 'command-reused'
        when w.expect >= 0 and w.version <> w.expect then 'conflict'
        when w.expect = -2 and w.version = 0 then 'conflict'
        when g.item is not null then 'guard'
        else 'appended'
      end as outcome
    from wanted w left join broken_guard g on g.item = w.item
  ), placed as (
    -- Up to where each item comes; one that is not appended takes no place.
    select j.*, v_head + sum(j.taken) over (order by j.item rows unbounded preceding) as position,
      (j.version + sum(j.taken) over (partition by j.stream order by j.item rows unbounded preceding))::integer as to_version
    from (select *, case when outcome = 'appended' then events else 0 end as taken from judged) j
  ), entry as (
    select p.position - p.taken + b.ordinal + 1 as position, p.stream, p.to_version - p.taken + b.ordinal + 1 as version,
      b.type, p.command, b.ordinal, p.digest, p.events,
      convert_to('{"_ledger":{"position":' || (p.position - p.taken + b.ordinal + 1) || ',' || v_stamp
        || (p.to_version - p.taken + b.ordinal + 1) || '},', 'UTF8')
        || substr(p_bodies, (b.ends - b.length + 2)::integer, b.length - 1) as envelope
    from (
      select e.*, sum(e.length) over (order by e.at rows unbounded preceding) as ends
      from unnest(p_event_items, p_ordinals, p_types, p_lengths) with ordinality e(item, ordinal, type, length, at)
    ) b join placed p on p.item = b.item and p.taken > 0
  ), stored as (
    insert into ledger.event
      (position, stream, version, type, command_id, ordinal, command_digest, command_events, leaf_hash, envelope)
    select e.position, e.stream, e.version, e.type, e.command, e.ordinal,
      case when e.ordinal = 0 then e.digest end, case when e.ordinal = 0 then e.events end,
      sha256('\x00'::bytea || e.envelope), e.envelope
    from entry e order by e.position
  ), moved as (
    update ledger.head h set position = m.position, recorded_at = v_at
    from (select max(p.position) as position from placed p where p.taken > 0) m where m.position is not null
  )
  select p.item::integer, p.outcome,
    case p.outcome when 'appended' then p.position when 'repeated' then p.prior_position + p.prior_events - 1 end::bigint,
    case p.outcome when 'appended' then p.to_version when 'repeated' then p.prior_version + p.prior_events - 1 end,
    case p.outcome when 'guard' then p.guard_stream when 'conflict' then p.stream end,
    case p.outcome when 'guard' then p.guard_version when 'conflict' then p.version end
  from placed p order by p.item;
end $$;

create or replace function ledger.put_blob(p_sha256 bytea, p_bytes bytea) returns void
language plpgsql security definer set search_path = pg_catalog as $$
begin
  if sha256(p_bytes) <> p_sha256 then
    raise exception 'the bytes do not have the digest they are stored under' using errcode = 'check_violation';
  end if;
  insert into ledger.blob (sha256, bytes) values (p_sha256, p_bytes) on conflict do nothing;
end $$;
