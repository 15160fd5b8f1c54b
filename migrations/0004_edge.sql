-- +goose Up
-- Who is told of changes besides the nodes, what appears by itself, and narrower keys for what changes.

-- How far each destination has been told, see internal/edge. Who holds the lock of a row is telling.
create table deliveries (
    destination text primary key,             -- its address, without secrets
    position    bigint not null default -1,   -- the last change that it was told of; -1: none yet
    confirmed   bigint not null default -1,   -- the last change that it was told of when all answers from before had arrived
    failures    integer not null default 0,   -- in a row
    retry_at    timestamptz not null default now()
);

-- When something of an article appears without anybody writing: the article itself, or a correction. A row whose article
-- was written to since may say so in vain.
create table appearances (
    article_id bigint not null references articles on delete cascade,
    at         timestamptz not null,
    primary key (article_id, at)
);
create index appearances_by_time on appearances (at);

-- The two link tables repeat the time of change, too, so that a page of an author or a tag by it is one range of one index.
alter table article_tags add column updated_at timestamptz;
alter table article_authors add column updated_at timestamptz;
alter table article_tags disable trigger user;
alter table article_authors disable trigger user;
update article_tags l set updated_at = a.updated_at from articles a where a.id = l.article_id and l.published_at is not null;
update article_authors l set updated_at = a.updated_at from articles a where a.id = l.article_id and l.published_at is not null;
alter table article_tags enable trigger user;
alter table article_authors enable trigger user;
create index article_tags_updated on article_tags (tag_id, updated_at desc, article_id desc);
create index article_authors_updated on article_authors (author_id, updated_at desc, article_id desc);
-- And so that pages can be mixed with other kinds.
drop index articles_by_publication;
create index articles_by_publication on articles (published_at desc, id desc) where status in ('PUBLISHED', 'SCHEDULED');
create index articles_updated_of_kind on articles (kind, updated_at desc, id desc) where status in ('PUBLISHED', 'SCHEDULED');

drop trigger before_write on article_tags;
drop trigger before_write on article_authors;
create trigger before_write before insert or update of article_id, published_at, updated_at on article_tags
    for each row execute function article_link_before_write();
create trigger before_write before insert or update of article_id, published_at, updated_at on article_authors
    for each row execute function article_link_before_write();

-- +goose StatementBegin
create or replace function article_link_before_write() returns trigger language plpgsql as $$
begin
    select listing_time(a.status, a.published_at), listing_time(a.status, a.updated_at) into new.published_at, new.updated_at
    from articles a where a.id = new.article_id for share;
    return new;
end $$;

create or replace function article_after_update() returns trigger language plpgsql as $$
declare
    was_public boolean := old.status in ('PUBLISHED', 'SCHEDULED') and old.published_at <= now()
        and (old.embargoed_until is null or old.embargoed_until <= now());
begin
    if (listing_time(new.status, new.published_at), listing_time(new.status, new.updated_at))
        is distinct from (listing_time(old.status, old.published_at), listing_time(old.status, old.updated_at))
    then
        update article_tags set published_at = listing_time(new.status, new.published_at), updated_at = listing_time(new.status, new.updated_at)
        where article_id = new.id;
        update article_authors set published_at = listing_time(new.status, new.published_at), updated_at = listing_time(new.status, new.updated_at)
        where article_id = new.id;
    end if;
    -- Also of a story that is a draft again for a while: its address was known.
    if new.slug <> old.slug and old.published_at <= now() and (old.embargoed_until is null or old.embargoed_until <= now()) then
        insert into old_slugs (slug, article_id) values (old.slug, new.id)
        on conflict (slug) where article_id is not null do update set article_id = excluded.article_id, at = now();
    end if;
    if was_public and (new.title, new.excerpt, new.body_html) is distinct from (old.title, old.excerpt, old.body_html) then
        insert into revisions (article_id, number, at, title, excerpt, body_html)
        select old.id, coalesce(max(number), 0) + 1, now(), old.title, old.excerpt, old.body_html
        from revisions where article_id = old.id;
    end if;
    return null;
end $$;

-- What a change is announced by. Answers remember under which keys they were read:
--
--   article:ID            an article, but for these parts of it: article-body:ID its text; article-words:ID how long that is, and
--                         article-minutes:ID how long it takes to read; article-time:ID when it was changed; article-seo:ID what
--                         search engines show; article-featured:ID; article-tags:ID, article-authors:ID its links, and
--                         article-primary-tag:ID the first of them; related:ID its related stories; article-video:ID,
--                         article-corrections:ID and article-revisions:ID
--   article-slug:SLUG     what stands at a slug; author-slug:SLUG and tag-slug:SLUG likewise
--   author:ID tag:ID      their names and addresses; author-text:ID and tag-text:ID the rest, which no list of articles shows
--   image:ID campaign:ID campaign-slug:SLUG site
--   authors tags          the lists by name
--   articles@T            the list of all articles but pages, at the place T in it: the time of publication in
--                         microseconds since 1970. articles/tag:SLUG@T, articles/author:SLUG@T, articles/kind:KIND@T likewise,
--                         the first two also by id: articles/tag:#ID@T; articles/featured@T and articles/locale:LOCALE@T for
--                         lists with such a filter
--   articles/updated@T    the list of all articles but pages by the time of change, which is T; articles/updated/tag:SLUG@T,
--                         articles/updated/author:SLUG@T, articles/updated/kind:KIND@T likewise
--   *                     everything
--
-- A list whose name ends in @ is meant as a whole. What is followed by " from @T" looks different from that time on,
-- in microseconds since 1970, and not yet. No slug holds a space.
create function updated_keys(a articles) returns text[] language sql immutable as $$
    select array[
        case when a.kind <> 'PAGE' then place_key('articles/updated', a.updated_at) end,
        place_key('articles/updated/kind:' || a.kind, a.updated_at)
    ]
$$;

create function owner_updated_keys(noun text, owner bigint, slug text, updated_at timestamptz) returns text[] language sql immutable as $$
    select array[place_key('articles/updated/' || noun || ':#' || owner, updated_at), place_key('articles/updated/' || noun || ':' || slug, updated_at)]
$$;

-- The lists that a link puts an article into. An owner is a tag or an author.
create function owner_keys(noun text, owner bigint, slug text, published_at timestamptz, updated_at timestamptz) returns text[] language sql immutable as $$
    select array[
        place_key('articles/' || noun || ':#' || owner, published_at), place_key('articles/' || noun || ':' || slug, published_at)
    ] || owner_updated_keys(noun, owner, slug, updated_at)
$$;

create or replace function list_keys(a articles) returns text[] language sql stable as $$
    select case when a.status in ('PUBLISHED', 'SCHEDULED') then array[
        case when a.kind <> 'PAGE' then place_key('articles', a.published_at) end,
        place_key('articles/kind:' || a.kind, a.published_at),
        case when a.featured then place_key('articles/featured', a.published_at) end,
        place_key('articles/locale:' || a.locale, a.published_at)
    ] || updated_keys(a) else array[]::text[] end
$$;

create or replace function link_keys(a articles) returns text[] language sql stable as $$
    select case when a.status in ('PUBLISHED', 'SCHEDULED') then array(
        select unnest(owner_keys('tag', t.id, t.slug, a.published_at, a.updated_at))
        from article_tags l join tags t on t.id = l.tag_id where l.article_id = a.id
        union all
        select unnest(owner_keys('author', t.id, t.slug, a.published_at, a.updated_at))
        from article_authors l join authors t on t.id = l.author_id where l.article_id = a.id
    ) else array[]::text[] end
$$;

-- The formula is that of ReadingTimeMinutes in internal/content.
create function reading_minutes(words integer) returns integer language sql immutable as $$
    select greatest(1, (words + 132) / 265)
$$;

-- When the public first sees an article; null if never.
create function appears_at(a articles) returns timestamptz language sql immutable as $$
    select case when a.status in ('PUBLISHED', 'SCHEDULED') then greatest(a.published_at, a.embargoed_until) end
$$;

-- Whether somebody can see an article or that it is gone.
create function is_seen(a articles) returns boolean language sql stable as $$
    select coalesce(a.status = 'RETRACTED' or appears_at(a) <= clock_timestamp(), false)
$$;

-- Keys of what looks different from a time on; null stands for now.
create function keys_from(keys text[], at timestamptz) returns text[] language sql stable as $$
    select case when at > clock_timestamp() then array(select place_key(key || ' from ', at) from unnest(keys) as key) else keys end
$$;

-- Whether the parts of an article changed that have no key of their own and that somebody can see.
create function is_seen_to_change(old articles, new articles) returns boolean language sql immutable as $$
    select to_jsonb(old) - hidden.columns <> to_jsonb(new) - hidden.columns
    from (select '{body_html,word_count,updated_at,seo_title,seo_description,seo_image_id,featured,created_at,source,source_id}'::text[] as columns) as hidden
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

-- What looks different of an article that stays where it is.
create function part_keys(old articles, new articles) returns text[] language sql immutable as $$
    select array[
        case when new.featured <> old.featured then place_key('articles/featured', new.published_at) end,
        case when new.featured <> old.featured then 'article-featured:' || new.id end,
        case when new.locale <> old.locale then place_key('articles/locale:' || old.locale, new.published_at) end,
        case when new.locale <> old.locale then place_key('articles/locale:' || new.locale, new.published_at) end,
        case when new.updated_at <> old.updated_at then 'article-time:' || new.id end,
        case when new.body_html <> old.body_html then 'article-body:' || new.id end,
        case when new.word_count <> old.word_count then 'article-words:' || new.id end,
        case when reading_minutes(new.word_count) <> reading_minutes(old.word_count) then 'article-minutes:' || new.id end,
        case when (new.seo_title, new.seo_description, new.seo_image_id) is distinct from (old.seo_title, old.seo_description, old.seo_image_id)
            then 'article-seo:' || new.id end,
        case when is_seen_to_change(old, new) then 'article:' || new.id end
    ] || case when new.updated_at <> old.updated_at then updated_keys(old) || updated_keys(new) end
$$;

-- Whether a transaction deletes rows and writes the same ones again, as many desks do with all links of a story that they
-- save. Of each row both events come by here, the deletion first.
create function is_put_back(operation text, line text, stands boolean) returns boolean language plpgsql as $$
declare
    put_back text := coalesce(current_setting('broadsheet.put_back', true), '');
begin
    if operation = 'DELETE' and stands and length(put_back) < 50000 then
        perform set_config('broadsheet.put_back', put_back || line || E'\n', true);
        return true;
    end if;
    return operation = 'INSERT' and strpos(put_back, line || E'\n') > 0;
end $$;

-- A link is listed while it has a time: see article_after_update.
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

-- Whether no other tag that is shown comes before this one.
create function is_primary_tag(article bigint, tag bigint, weight integer) returns boolean language sql stable as $$
    select not exists (select from article_tags l join tags t on t.id = l.tag_id
        where l.article_id = article and l.tag_id <> tag and not t.internal and (l.position, l.tag_id) < (weight, tag))
$$;

create or replace function log_article_author() returns trigger language plpgsql as $$
declare
    -- Null if the article could be seen before: then the link was, too.
    appearance timestamptz := (select appears_at(a) from articles a where id = new.article_id and (old.published_at <= clock_timestamp()) is not true);
begin
    if tg_op = 'UPDATE' and (new.article_id, new.author_id, new.position, new.published_at) is not distinct from (old.article_id, old.author_id, old.position, old.published_at) then
        perform log_change('article:' || new.article_id, keys_from(array(
            select key from authors t, unnest(owner_updated_keys('author', t.id, t.slug, old.updated_at) || owner_updated_keys('author', t.id, t.slug, new.updated_at)) as key
            where t.id = new.author_id), appearance));
        return null;
    end if;
    if is_put_back(tg_op, 'author ' || coalesce(new, old)::text, exists (
        select from article_authors l where l.article_id = old.article_id and l.author_id = old.author_id and l = old))
    then
        return null;
    end if;
    perform log_change('article:' || coalesce(new.article_id, old.article_id), keys_from(array(
        select key from (values (old.article_id, old.author_id, old.position, old.published_at, old.updated_at),
                (new.article_id, new.author_id, new.position, new.published_at, new.updated_at)) as link (article_id, author_id, position, published_at, updated_at),
            unnest(owner_keys('author', link.author_id, (select slug from authors where id = link.author_id), link.published_at, link.updated_at)
                || ('article-authors:' || link.article_id)) as key
        where link.published_at is not null), appearance));
    return null;
end $$;

create function log_related_story() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and new is not distinct from old or is_put_back(tg_op, 'related ' || coalesce(new, old)::text, exists (
        select from related_stories l where l.article_id = old.article_id and l.kind = old.kind and l.position = old.position and l = old))
    then
        return null;
    end if;
    perform log_change('article:' || article.id, array['related:' || article.id])
    from articles article where id in (old.article_id, new.article_id) and status <> 'DRAFT';
    return null;
end $$;

create or replace function log_part_of_article() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and new is not distinct from old then
        return null;
    end if;
    perform log_change('article:' || article.id, array[tg_argv[0] || ':' || article.id])
    from articles article where id in (old.article_id, new.article_id) and status <> 'DRAFT';
    return null;
end $$;

-- A correction may be dated ahead.
create function correction_after_write() returns trigger language plpgsql as $$
begin
    insert into appearances select new.article_id, new.at from articles where id = new.article_id and new.at > clock_timestamp()
    on conflict do nothing;
    return null;
end $$;

-- Announces what has appeared since, each thing once however many nodes ask, and returns the seconds to the next
-- appearance; null if none is coming.
create function announce_appearances() returns double precision language plpgsql as $$
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

create or replace function log_author() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and new is not distinct from old then
        return null;
    end if;
    perform log_change('author:' || coalesce(new.id, old.id), array[
            case when tg_op <> 'UPDATE' or (old.slug, old.name, old.avatar_id) is distinct from (new.slug, new.name, new.avatar_id)
                then 'author:' || coalesce(new.id, old.id) end,
            case when (old.bio, old.email, old.website, old.location) is distinct from (new.bio, new.email, new.website, new.location)
                then 'author-text:' || coalesce(new.id, old.id) end]
        || case when (old.slug, old.name) is distinct from (new.slug, new.name) then array['authors'] end
        || case when old.slug is distinct from new.slug then array['author-slug:' || old.slug, 'author-slug:' || new.slug,
            'articles/author:' || old.slug || '@', 'articles/author:' || new.slug || '@', 'articles/updated/author:' || old.slug || '@', 'articles/updated/author:' || new.slug || '@']
            || array(select 'author-slug:' || slug from old_slugs where author_id = new.id) end);
    return null;
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

create or replace function log_image() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' or new is distinct from old then
        perform log_change('image:' || old.id, array['image:' || old.id]);
    end if;
    return null;
end $$;

create or replace function log_campaign() returns trigger language plpgsql as $$
begin
    if tg_op <> 'UPDATE' or new is distinct from old then
        perform log_change('campaign:' || coalesce(new.id, old.id),
            array['campaign:' || coalesce(new.id, old.id), 'campaign-slug:' || old.slug, 'campaign-slug:' || new.slug]);
    end if;
    return null;
end $$;

create or replace function log_site() returns trigger language plpgsql as $$
begin
    if tg_op <> 'UPDATE' or new is distinct from old then
        perform log_change('site', array['site']);
    end if;
    return null;
end $$;
-- +goose StatementEnd

drop trigger log on related_stories;
drop trigger log on videos;
drop trigger log on corrections;
drop trigger log on revisions;
create constraint trigger log after insert or update or delete on related_stories deferrable initially deferred
    for each row execute function log_related_story();
create constraint trigger log after insert or update or delete on videos deferrable initially deferred
    for each row execute function log_part_of_article('article-video');
create constraint trigger log after insert or update or delete on corrections deferrable initially deferred
    for each row execute function log_part_of_article('article-corrections');
create constraint trigger log after insert or update or delete on revisions deferrable initially deferred
    for each row execute function log_part_of_article('article-revisions');
create constraint trigger appear after insert or update of at, article_id on corrections deferrable initially deferred
    for each row execute function correction_after_write();

insert into appearances
    select id, appears_at(a) from articles a where appears_at(a) > clock_timestamp()
    union select article_id, at from corrections where at > clock_timestamp();
drop function updated_list;

-- +goose Down
drop trigger appear on corrections;
drop trigger log on related_stories;
drop trigger log on videos;
drop trigger log on corrections;
drop trigger log on revisions;
drop trigger before_write on article_tags;
drop trigger before_write on article_authors;

-- +goose StatementBegin
-- These functions as they were before.
create or replace function article_link_before_write() returns trigger language plpgsql as $$
begin
    select listing_time(a.status, a.published_at) into new.published_at
    from articles a where a.id = new.article_id for share;
    return new;
end $$;

create or replace function article_after_update() returns trigger language plpgsql as $$
declare
    was_public boolean := old.status in ('PUBLISHED', 'SCHEDULED') and old.published_at <= now()
        and (old.embargoed_until is null or old.embargoed_until <= now());
begin
    if (new.status, new.published_at) is distinct from (old.status, old.published_at) then
        update article_tags set published_at = listing_time(new.status, new.published_at) where article_id = new.id;
        update article_authors set published_at = listing_time(new.status, new.published_at) where article_id = new.id;
    end if;
    -- Also of a story that is a draft again for a while: its address was known.
    if new.slug <> old.slug and old.published_at <= now() and (old.embargoed_until is null or old.embargoed_until <= now()) then
        insert into old_slugs (slug, article_id) values (old.slug, new.id)
        on conflict (slug) where article_id is not null do update set article_id = excluded.article_id, at = now();
    end if;
    if was_public and (new.title, new.excerpt, new.body_html) is distinct from (old.title, old.excerpt, old.body_html) then
        insert into revisions (article_id, number, at, title, excerpt, body_html)
        select old.id, coalesce(max(number), 0) + 1, now(), old.title, old.excerpt, old.body_html
        from revisions where article_id = old.id;
    end if;
    return null;
end $$;

create or replace function updated_list(kind text) returns text language sql immutable as $$
    select case kind when 'PAGE' then 'articles/updated-pages' else 'articles/updated' end
$$;

create or replace function list_keys(a articles) returns text[] language sql stable as $$
    select case when a.status in ('PUBLISHED', 'SCHEDULED') then array[
        case when a.kind <> 'PAGE' then place_key('articles', a.published_at) end,
        place_key('articles/kind:' || a.kind, a.published_at),
        place_key(updated_list(a.kind), a.updated_at)
    ] else array[]::text[] end
$$;

create or replace function link_keys(a articles) returns text[] language sql stable as $$
    select case when a.status in ('PUBLISHED', 'SCHEDULED') then array(
        select place_key('articles/tag:' || named.name, a.published_at)
        from article_tags l join tags t on t.id = l.tag_id, unnest(array[t.slug, '#' || t.id]) as named (name) where l.article_id = a.id
        union all
        select place_key('articles/author:' || named.name, a.published_at)
        from article_authors l join authors t on t.id = l.author_id, unnest(array[t.slug, '#' || t.id]) as named (name) where l.article_id = a.id
    ) else array[]::text[] end
$$;

create or replace function log_article() returns trigger language plpgsql as $$
declare
    keys text[] := array[]::text[];
begin
    if coalesce(old.status, 'DRAFT') = 'DRAFT' and coalesce(new.status, 'DRAFT') = 'DRAFT' then
        return null;
    end if;
    if tg_op <> 'UPDATE' or (new.slug, new.status, new.published_at, new.embargoed_until, new.kind, new.retracted_at, new.retraction_reason)
        is distinct from (old.slug, old.status, old.published_at, old.embargoed_until, old.kind, old.retracted_at, old.retraction_reason)
    then
        if tg_op <> 'INSERT' then
            keys := keys || appearance_keys(old);
        end if;
        if tg_op <> 'DELETE' then
            keys := keys || appearance_keys(new);
        end if;
    else
        if new.featured <> old.featured then
            keys := keys || place_key('articles/featured', new.published_at);
        end if;
        if new.locale <> old.locale then
            keys := keys || place_key('articles/locale', new.published_at);
        end if;
        if new.updated_at <> old.updated_at then
            keys := keys || array['article-time:' || new.id,
                place_key(updated_list(new.kind), old.updated_at), place_key(updated_list(new.kind), new.updated_at)];
        end if;
        if (new.body_html, new.word_count) is distinct from (old.body_html, old.word_count) then
            keys := keys || ('article-body:' || new.id);
        end if;
        if to_jsonb(new) - '{body_html,word_count,updated_at}'::text[] <> to_jsonb(old) - '{body_html,word_count,updated_at}'::text[] then
            keys := keys || ('article:' || new.id);
        end if;
    end if;
    perform log_change('article:' || coalesce(new.id, old.id), keys);
    return null;
end $$;

create or replace function log_article_tag() returns trigger language plpgsql as $$
begin
    perform log_change('article:' || coalesce(new.article_id, old.article_id), array(
        select key from (values (old.article_id, old.tag_id, old.published_at), (new.article_id, new.tag_id, new.published_at))
            as link (article_id, tag_id, published_at),
            lateral unnest(array['article-tags:' || link.article_id, place_key('articles/tag:#' || link.tag_id, link.published_at),
                (select place_key('articles/tag:' || slug, link.published_at) from tags where id = link.tag_id)]) as key
        where link.published_at is not null));
    return null;
end $$;

create or replace function log_article_author() returns trigger language plpgsql as $$
begin
    perform log_change('article:' || coalesce(new.article_id, old.article_id), array(
        select key from (values (old.article_id, old.author_id, old.published_at), (new.article_id, new.author_id, new.published_at))
            as link (article_id, author_id, published_at),
            lateral unnest(array['article-authors:' || link.article_id, place_key('articles/author:#' || link.author_id, link.published_at),
                (select place_key('articles/author:' || slug, link.published_at) from authors where id = link.author_id)]) as key
        where link.published_at is not null));
    return null;
end $$;

create or replace function log_part_of_article() returns trigger language plpgsql as $$
declare
    article bigint;
begin
    foreach article in array array_remove(array[old.article_id, new.article_id], null) loop
        if exists (select from articles where id = article and status <> 'DRAFT') then
            perform log_change('article:' || article, array[tg_argv[0] || ':' || article]);
        end if;
    end loop;
    return null;
end $$;

create or replace function log_author() returns trigger language plpgsql as $$
begin
    perform log_change('author:' || coalesce(new.id, old.id), array[
            case when tg_op <> 'UPDATE' or (old.slug, old.name, old.avatar_id) is distinct from (new.slug, new.name, new.avatar_id)
                then 'author:' || coalesce(new.id, old.id) end,
            case when (old.bio, old.email, old.website, old.location) is distinct from (new.bio, new.email, new.website, new.location)
                then 'author-text:' || coalesce(new.id, old.id) end]
        || case when (old.slug, old.name) is distinct from (new.slug, new.name) then array['authors'] end
        || case when old.slug is distinct from new.slug then array[
            'author-slug:' || old.slug, 'author-slug:' || new.slug, 'articles/author:' || old.slug, 'articles/author:' || new.slug]
            || array(select 'author-slug:' || slug from old_slugs where author_id = new.id) end);
    return null;
end $$;

create or replace function log_tag() returns trigger language plpgsql as $$
declare
    hidden_or_shown boolean := old.internal is distinct from new.internal;
begin
    if coalesce(old.internal, true) and coalesce(new.internal, true) then
        return null;
    end if;
    perform log_change('tag:' || coalesce(new.id, old.id), array['tag:' || coalesce(new.id, old.id)]
        || case when hidden_or_shown or (old.slug, old.name, old.kind) is distinct from (new.slug, new.name, new.kind) then array['tags'] end
        || case when hidden_or_shown or old.slug is distinct from new.slug then array[
            'tag-slug:' || old.slug, 'tag-slug:' || new.slug, 'articles/tag:' || old.slug, 'articles/tag:' || new.slug]
            || array(select 'tag-slug:' || slug from old_slugs where tag_id = new.id) end
        || case when tg_op = 'UPDATE' and hidden_or_shown then
            array(select 'article-tags:' || article_id from article_tags where tag_id = new.id and published_at is not null) end);
    return null;
end $$;

create or replace function log_image() returns trigger language plpgsql as $$
begin
    perform log_change('image:' || old.id, array['image:' || old.id]);
    return null;
end $$;

create or replace function log_campaign() returns trigger language plpgsql as $$
begin
    perform log_change('campaign:' || coalesce(new.id, old.id),
        array['campaign:' || coalesce(new.id, old.id), 'campaign-slug:' || old.slug, 'campaign-slug:' || new.slug]);
    return null;
end $$;

create or replace function log_site() returns trigger language plpgsql as $$
begin
    perform log_change('site', array['site']);
    return null;
end $$;
-- +goose StatementEnd

create trigger before_write before insert or update of article_id, published_at on article_tags
    for each row execute function article_link_before_write();
create trigger before_write before insert or update of article_id, published_at on article_authors
    for each row execute function article_link_before_write();
create constraint trigger log after insert or update or delete on related_stories deferrable initially deferred
    for each row execute function log_part_of_article('related');
create constraint trigger log after insert or update or delete on videos deferrable initially deferred
    for each row execute function log_part_of_article('article-extras');
create constraint trigger log after insert or update or delete on corrections deferrable initially deferred
    for each row execute function log_part_of_article('article-extras');
create constraint trigger log after insert or update or delete on revisions deferrable initially deferred
    for each row execute function log_part_of_article('article-extras');
drop function announce_appearances, correction_after_write, log_related_story, is_put_back, is_primary_tag, keys_from, is_seen, part_keys, is_seen_to_change, appears_at,
    reading_minutes, owner_keys, owner_updated_keys, updated_keys;
drop index articles_updated_of_kind, articles_by_publication;
create index articles_by_publication on articles (published_at) where status in ('PUBLISHED', 'SCHEDULED');
alter table article_tags drop column updated_at;
alter table article_authors drop column updated_at;
drop table appearances, deliveries;
