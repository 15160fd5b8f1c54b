-- +goose Up
-- Who follows the log hears of everything at once, and of what appears when it does: partners who read some time late, too.
-- Nothing is appended for drafts, and no slug is told that was never public.
alter table appearances
    add column delay_seconds integer not null default 0, -- how much later than the public those read for whom the row is
    drop constraint appearances_pkey,
    add primary key (article_id, at, delay_seconds);

-- +goose StatementBegin
-- Has it announced when something of an article appears: to the public, and to the partners that read later. What is written
-- to the log by the same transaction has to be written before, so that no partner comes between.
create function await_appearance(article bigint, appears timestamptz) returns void language sql as $$
    insert into appearances (article_id, at, delay_seconds)
    select article, appears + d.seconds * interval '1 second', d.seconds
    from (select 0 as seconds union select delay_seconds from partners) as d
    where appears + d.seconds * interval '1 second' > clock_timestamp()
    on conflict do nothing
$$;

-- What has appeared to the public since a time is awaited for partners.
create function await_appearances_since(since timestamptz) returns void language sql as $$
    select await_appearance(a.id, appears_at(a)) from articles a where a.id in (
        select id from articles where published_at > since and status in ('PUBLISHED', 'SCHEDULED')
        union
        select id from articles where embargoed_until > since and status in ('PUBLISHED', 'SCHEDULED'));
    select await_appearance(article_id, at) from corrections where at > since
$$;

create function partner_after_write() returns trigger language plpgsql as $$
begin
    perform await_appearances_since(clock_timestamp() - new.delay_seconds * interval '1 second');
    return null;
end $$;

-- articles/appeared@T says when the public first saw what came or went, or would have.
create or replace function appearance_keys(a articles) returns text[] language sql stable as $$
    select array['article:' || a.id, 'article-slug:' || a.slug, place_key('articles/appeared', appears_at(a))] || list_keys(a) || link_keys(a)
        || array(select 'article-slug:' || slug from old_slugs where article_id = a.id)
        || array(select 'related:' || article_id from related_stories where related_id = a.id)
$$;

create or replace function log_article() returns trigger language plpgsql as $$
declare
    keys text[] := array[]::text[];
begin
    if coalesce(old.status, 'DRAFT') = 'DRAFT' and coalesce(new.status, 'DRAFT') = 'DRAFT' then
        return null;
    end if;
    if not is_seen(old) and not is_seen(new) then
        if appears_at(new) is not null then
            keys := keys_from(appearance_keys(new), appears_at(new));
        end if;
    elsif tg_op <> 'UPDATE' or (new.slug, new.status, new.published_at, new.embargoed_until, new.kind, new.retracted_at, new.retraction_reason)
        is distinct from (old.slug, old.status, old.published_at, old.embargoed_until, old.kind, old.retracted_at, old.retraction_reason)
    then
        if tg_op <> 'INSERT' then
            keys := keys || appearance_keys(old);
        end if;
        if tg_op <> 'DELETE' then
            keys := keys || appearance_keys(new);
        end if;
    else
        keys := part_keys(old, new);
    end if;
    perform log_change('article:' || coalesce(new.id, old.id), keys);
    perform await_appearance(a.id, appears_at(a)) from articles a where a.id = new.id;
    return null;
end $$;

-- article/tag:#ID of an article says that its link to a tag came or went.
create or replace function log_article_tag() returns trigger language plpgsql as $$
declare
    -- Null if the article could be seen before: then the link was, too.
    appearance timestamptz := (select appears_at(a) from articles a where id = new.article_id and (old.published_at <= clock_timestamp()) is not true);
    stands boolean := exists (select from articles where id in (old.article_id, new.article_id)); -- else the link went with its article
begin
    if tg_op = 'UPDATE' and (new.article_id, new.tag_id, new.position, new.published_at) is not distinct from (old.article_id, old.tag_id, old.position, old.published_at) then
        perform log_change('article:' || new.article_id, keys_from(array(
            select key from tags t, unnest(owner_updated_keys('tag', t.id, t.slug, old.updated_at) || owner_updated_keys('tag', t.id, t.slug, new.updated_at)) as key
            where t.id = new.tag_id), appearance));
        return null;
    end if;
    if is_put_back(tg_op, 'tag ' || coalesce(new, old)::text, exists (
        select from article_tags l where l.article_id = old.article_id and l.tag_id = old.tag_id and l = old))
    then
        return null;
    end if;
    perform log_change('article:' || coalesce(new.article_id, old.article_id), keys_from(array(
        select key from (values (old.article_id, old.tag_id, old.position, old.published_at, old.updated_at),
                (new.article_id, new.tag_id, new.position, new.published_at, new.updated_at)) as link (article_id, tag_id, position, published_at, updated_at),
            unnest(owner_keys('tag', link.tag_id, (select slug from tags where id = link.tag_id), link.published_at, link.updated_at)
                || ('article-tags:' || link.article_id)
                || case when (old.article_id, old.tag_id) is distinct from (new.article_id, new.tag_id) and stands then 'article/tag:#' || link.tag_id end
                || case when is_primary_tag(link.article_id, link.tag_id, link.position) then 'article-primary-tag:' || link.article_id end) as key
        where link.published_at is not null), appearance));
    return null;
end $$;

create or replace function correction_after_write() returns trigger language plpgsql as $$
begin
    perform await_appearance(id, new.at) from articles where id = new.article_id;
    return null;
end $$;

-- What appears to partners who read so many seconds late is announced by late:SECONDS: it changes nothing that is kept.
create or replace function announce_appearances() returns double precision language plpgsql as $$
declare
    due appearances;
begin
    for due in
        delete from appearances p using (
            select article_id, at, delay_seconds from appearances where at <= clock_timestamp() order by at limit 100 for update skip locked
        ) as d where p.article_id = d.article_id and p.at = d.at and p.delay_seconds = d.delay_seconds returning p.*
    loop
        perform log_change('article:' || a.id, array_remove(case
            when due.delay_seconds = 0 then
                case when appears_at(a) = due.at then appearance_keys(a) else array[]::text[] end
                || case when exists (select from corrections c where c.article_id = a.id and c.at = due.at) then 'article-corrections:' || a.id end
            when appears_at(a) = undelayed.at or exists (select from corrections c where c.article_id = a.id and c.at = undelayed.at)
                then array['late:' || due.delay_seconds]
            end, null))
        from articles a, (select due.at - due.delay_seconds * interval '1 second' as at) as undelayed
        where a.id = due.article_id and a.status <> 'DRAFT';
    end loop;
    return (select extract(epoch from min(at) - clock_timestamp()) from appearances);
end $$;

create or replace function log_tag() returns trigger language plpgsql as $$
declare
    hidden_or_shown boolean := old.internal is distinct from new.internal;
    -- Readers know what stood when the transaction began and what stands when it ends: of its writes of a tag the first has
    -- the one, the table has the other. No other slug is anybody's business.
    line text := ' ' || coalesce(new.id, old.id) || ' ';
    written text := coalesce(current_setting('broadsheet.tags', true), '');
    slug_before text := case when not old.internal and strpos(written, line) = 0 then old.slug end;
    slug_now text := (select slug from tags where id = new.id and not internal);
begin
    if strpos(written, line) = 0 and length(written) < 50000 then
        perform set_config('broadsheet.tags', written || line, true);
    end if;
    if coalesce(old.internal, true) and coalesce(new.internal, true) or tg_op = 'UPDATE' and new is not distinct from old then
        return null;
    end if;
    perform log_change('tag:' || coalesce(new.id, old.id), array[
            case when tg_op <> 'UPDATE' or (old.slug, old.name, old.kind, old.internal) is distinct from (new.slug, new.name, new.kind, new.internal)
                then 'tag:' || coalesce(new.id, old.id) end,
            case when (old.description, old.image_id) is distinct from (new.description, new.image_id) then 'tag-text:' || coalesce(new.id, old.id) end]
        || case when hidden_or_shown or (old.slug, old.name, old.kind) is distinct from (new.slug, new.name, new.kind) then array['tags'] end
        || case when hidden_or_shown or old.slug is distinct from new.slug then array['tag-slug:' || slug_before, 'tag-slug:' || slug_now,
            'articles/tag:' || old.slug || '@', 'articles/tag:' || new.slug || '@', 'articles/updated/tag:' || old.slug || '@', 'articles/updated/tag:' || new.slug || '@']
            || array(select 'tag-slug:' || slug from old_slugs where tag_id = new.id) end
        || case when tg_op = 'UPDATE' and hidden_or_shown then
            array(select unnest(array['article-tags:' || article_id, 'article-primary-tag:' || article_id])
                from article_tags where tag_id = new.id and published_at is not null) end);
    return null;
end $$;

create or replace function log_old_slug() returns trigger language plpgsql as $$
begin
    perform log_change(case
        -- What is deleted with its addresses is told with them.
        when tg_op = 'DELETE' and old.author_id is not null then 'author:' || old.author_id
        when tg_op = 'DELETE' and old.tag_id is not null then 'tag:' || old.tag_id
        else 'slug:' || coalesce(new.slug, old.slug) end, array(
        select case when o.article_id is not null then 'article' when o.author_id is not null then 'author' else 'tag' end || '-slug:' || o.slug
        from (values (old.slug, old.article_id, old.author_id), (new.slug, new.article_id, new.author_id)) as o (slug, article_id, author_id)
        where o.slug is not null)
        -- A retraction names the old addresses of its story, also when another story takes one, or the story is deleted.
        || case when exists (select from retractions where article_id in (old.article_id, new.article_id)) then array['retractions'] end);
    return null;
end $$;

-- What is written to a draft changes nothing in the sitemap.
create or replace function log_sitemap() returns trigger language plpgsql as $$
declare
    article bigint := case tg_table_name when 'articles' then (to_jsonb(coalesce(new, old)) ->> 'id')::bigint
        else (to_jsonb(coalesce(new, old)) ->> 'article_id')::bigint end;
begin
    if tg_table_name <> 'articles' and not exists (select from articles where id = article and status <> 'DRAFT') then
        return null;
    end if;
    perform log_change('article:' || article, array['sitemap:' || (article - 1) / 10000 + 1]);
    return null;
end $$;

create or replace function log_sitemap_image() returns trigger language plpgsql as $$
begin
    perform log_change('image:' || new.id, array(
        select distinct 'sitemap:' || (a.id - 1) / 10000 + 1 from articles a where a.lead_image_id = new.id and a.status <> 'DRAFT'
        union
        select distinct 'sitemap:' || (a.id - 1) / 10000 + 1 from videos v join articles a on a.id = v.article_id where v.poster_id = new.id and a.status <> 'DRAFT'));
    return null;
end $$;
-- +goose StatementEnd

-- These come after the triggers named log, whose lock they need.
create constraint trigger log_then_await after insert or update of delay_seconds on partners deferrable initially deferred
    for each row when (new.delay_seconds > 0) execute function partner_after_write();
drop trigger appear on corrections;
create constraint trigger log_then_await after insert or update of at, article_id on corrections deferrable initially deferred
    for each row execute function correction_after_write();
select await_appearances_since(clock_timestamp() - (select max(delay_seconds) from partners) * interval '1 second');

update changes set keys = changes.keys || seen.announced
from (select c.position, array_agg('articles/appeared' || substring(key from '@-?\d+$')) as announced
    from changes c, unnest(c.keys) as key where key ~ '^articles/kind:[A-Z]+@-?\d+$' group by c.position) as seen
where seen.position = changes.position;

-- +goose Down
drop trigger log_then_await on partners;
drop trigger log_then_await on corrections;
create constraint trigger appear after insert or update of at, article_id on corrections deferrable initially deferred
    for each row execute function correction_after_write();

-- +goose StatementBegin
-- These functions as they were before.
create or replace function appearance_keys(a articles) returns text[] language sql stable as $$
    select array['article:' || a.id, 'article-slug:' || a.slug] || list_keys(a) || link_keys(a)
        || array(select 'article-slug:' || slug from old_slugs where article_id = a.id)
        || array(select 'related:' || article_id from related_stories where related_id = a.id)
$$;

create or replace function log_article() returns trigger language plpgsql as $$
declare
    keys text[] := array[]::text[];
begin
    if coalesce(old.status, 'DRAFT') = 'DRAFT' and coalesce(new.status, 'DRAFT') = 'DRAFT' then
        return null;
    end if;
    if not is_seen(old) and not is_seen(new) then
        if appears_at(new) is not null then
            keys := keys_from(appearance_keys(new), appears_at(new));
        end if;
    elsif tg_op <> 'UPDATE' or (new.slug, new.status, new.published_at, new.embargoed_until, new.kind, new.retracted_at, new.retraction_reason)
        is distinct from (old.slug, old.status, old.published_at, old.embargoed_until, old.kind, old.retracted_at, old.retraction_reason)
    then
        if tg_op <> 'INSERT' then
            keys := keys || appearance_keys(old);
        end if;
        if tg_op <> 'DELETE' then
            keys := keys || appearance_keys(new);
        end if;
    else
        keys := part_keys(old, new);
    end if;
    insert into appearances select id, appears_at(a) from articles a where id = new.id and appears_at(a) > clock_timestamp()
    on conflict do nothing;
    perform log_change('article:' || coalesce(new.id, old.id), keys);
    return null;
end $$;

create or replace function log_article_tag() returns trigger language plpgsql as $$
declare
    -- Null if the article could be seen before: then the link was, too.
    appearance timestamptz := (select appears_at(a) from articles a where id = new.article_id and (old.published_at <= clock_timestamp()) is not true);
begin
    if tg_op = 'UPDATE' and (new.article_id, new.tag_id, new.position, new.published_at) is not distinct from (old.article_id, old.tag_id, old.position, old.published_at) then
        perform log_change('article:' || new.article_id, keys_from(array(
            select key from tags t, unnest(owner_updated_keys('tag', t.id, t.slug, old.updated_at) || owner_updated_keys('tag', t.id, t.slug, new.updated_at)) as key
            where t.id = new.tag_id), appearance));
        return null;
    end if;
    if is_put_back(tg_op, 'tag ' || coalesce(new, old)::text, exists (
        select from article_tags l where l.article_id = old.article_id and l.tag_id = old.tag_id and l = old))
    then
        return null;
    end if;
    perform log_change('article:' || coalesce(new.article_id, old.article_id), keys_from(array(
        select key from (values (old.article_id, old.tag_id, old.position, old.published_at, old.updated_at),
                (new.article_id, new.tag_id, new.position, new.published_at, new.updated_at)) as link (article_id, tag_id, position, published_at, updated_at),
            unnest(owner_keys('tag', link.tag_id, (select slug from tags where id = link.tag_id), link.published_at, link.updated_at)
                || ('article-tags:' || link.article_id)
                || case when is_primary_tag(link.article_id, link.tag_id, link.position) then 'article-primary-tag:' || link.article_id end) as key
        where link.published_at is not null), appearance));
    return null;
end $$;

create or replace function correction_after_write() returns trigger language plpgsql as $$
begin
    insert into appearances select new.article_id, new.at from articles where id = new.article_id and new.at > clock_timestamp()
    on conflict do nothing;
    return null;
end $$;

create or replace function announce_appearances() returns double precision language plpgsql as $$
declare
    due appearances;
begin
    for due in
        delete from appearances p using (
            select article_id, at from appearances where at <= clock_timestamp() order by at limit 100 for update skip locked
        ) as d where p.article_id = d.article_id and p.at = d.at returning p.*
    loop
        perform log_change('article:' || a.id, array_remove(
            case when appears_at(a) = due.at then appearance_keys(a) else array[]::text[] end
            || case when exists (select from corrections c where c.article_id = a.id and c.at = due.at) then 'article-corrections:' || a.id end, null))
        from articles a where a.id = due.article_id;
    end loop;
    return (select extract(epoch from min(at) - clock_timestamp()) from appearances);
end $$;

create or replace function log_tag() returns trigger language plpgsql as $$
declare
    hidden_or_shown boolean := old.internal is distinct from new.internal;
begin
    if coalesce(old.internal, true) and coalesce(new.internal, true) or tg_op = 'UPDATE' and new is not distinct from old then
        return null;
    end if;
    perform log_change('tag:' || coalesce(new.id, old.id), array[
            case when tg_op <> 'UPDATE' or (old.slug, old.name, old.kind, old.internal) is distinct from (new.slug, new.name, new.kind, new.internal)
                then 'tag:' || coalesce(new.id, old.id) end,
            case when (old.description, old.image_id) is distinct from (new.description, new.image_id) then 'tag-text:' || coalesce(new.id, old.id) end]
        || case when hidden_or_shown or (old.slug, old.name, old.kind) is distinct from (new.slug, new.name, new.kind) then array['tags'] end
        || case when hidden_or_shown or old.slug is distinct from new.slug then array['tag-slug:' || old.slug, 'tag-slug:' || new.slug,
            'articles/tag:' || old.slug || '@', 'articles/tag:' || new.slug || '@', 'articles/updated/tag:' || old.slug || '@', 'articles/updated/tag:' || new.slug || '@']
            || array(select 'tag-slug:' || slug from old_slugs where tag_id = new.id) end
        || case when tg_op = 'UPDATE' and hidden_or_shown then
            array(select unnest(array['article-tags:' || article_id, 'article-primary-tag:' || article_id])
                from article_tags where tag_id = new.id and published_at is not null) end);
    return null;
end $$;

create or replace function log_old_slug() returns trigger language plpgsql as $$
begin
    perform log_change('slug:' || coalesce(new.slug, old.slug), array(
        select case when o.article_id is not null then 'article' when o.author_id is not null then 'author' else 'tag' end || '-slug:' || o.slug
        from (values (old.slug, old.article_id, old.author_id), (new.slug, new.article_id, new.author_id)) as o (slug, article_id, author_id)
        where o.slug is not null)
        -- A retraction names the old addresses of its story, also when another story takes one, or the story is deleted.
        || case when exists (select from retractions where article_id in (old.article_id, new.article_id)) then array['retractions'] end);
    return null;
end $$;

create or replace function log_sitemap() returns trigger language plpgsql as $$
declare
    article bigint := case tg_table_name when 'articles' then (to_jsonb(coalesce(new, old)) ->> 'id')::bigint
        else (to_jsonb(coalesce(new, old)) ->> 'article_id')::bigint end;
begin
    perform log_change('article:' || article, array['sitemap:' || (article - 1) / 10000 + 1]);
    return null;
end $$;

create or replace function log_sitemap_image() returns trigger language plpgsql as $$
begin
    perform log_change('image:' || new.id, array(
        select distinct 'sitemap:' || (a.id - 1) / 10000 + 1 from articles a where a.lead_image_id = new.id
        union
        select distinct 'sitemap:' || (v.article_id - 1) / 10000 + 1 from videos v where v.poster_id = new.id));
    return null;
end $$;
-- +goose StatementEnd

drop function partner_after_write, await_appearances_since, await_appearance;
delete from appearances where delay_seconds > 0;
alter table appearances drop column delay_seconds, add primary key (article_id, at);
