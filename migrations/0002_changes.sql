-- +goose Up
-- The log of all that readers can see change, whoever writes. Positions are in the order of commits: who has read up to a
-- position has missed nothing before it.
create table changes (
    position    bigint primary key,
    at          timestamptz not null default clock_timestamp(),
    transaction xid8 not null default pg_current_xact_id(),
    subject     text not null,   -- what changed, such as article:12; once in a transaction
    keys        text[] not null, -- what may look different now; see change_keys
    unique (transaction, subject)
);
create index changes_by_time on changes (at);

-- For what will appear by itself.
create index articles_by_publication on articles (published_at) where status in ('PUBLISHED', 'SCHEDULED');
create index articles_under_embargo on articles (embargoed_until) where embargoed_until is not null;
create index corrections_by_time on corrections (at);
create sequence changes_position owned by changes.position;

-- +goose StatementBegin
-- What a change is announced by. Answers remember under which keys they were read:
--
--   article:ID            what a list shows of an article; article-body:ID its text and length; article-time:ID when it was changed;
--                         article-tags:ID, article-authors:ID its links; related:ID its related stories; article-extras:ID
--                         its video, corrections and revisions
--   article-slug:SLUG     what stands at a slug; author-slug:SLUG and tag-slug:SLUG likewise
--   author:ID tag:ID image:ID campaign:ID campaign-slug:SLUG site
--   authors tags          the lists by name
--   articles@T            the list of all articles but pages, at the place T in it: the time of publication in
--                         microseconds since 1970. articles/tag:SLUG@T, articles/author:SLUG@T, articles/kind:KIND@T likewise,
--                         the first two also by id: articles/tag:#ID@T;
--                         articles/featured@T and articles/locale@T for lists with such a filter;
--                         articles/updated@T for lists by the time of change, articles/updated-pages@T for those of pages
--   *                     everything
--
-- This runs when the transaction commits, so that the lock that puts commits in order is held for a moment only.
create function log_change(changed text, announced text[]) returns void language plpgsql as $$
declare
    first_position bigint;
begin
    announced := array(select distinct key from unnest(announced) as key where key is not null);
    if cardinality(announced) = 0 then
        return;
    end if;
    perform pg_advisory_xact_lock(7237810422831);
    insert into changes (position, subject, keys) values (nextval('changes_position'), changed, announced)
    on conflict (transaction, subject) do update
        set keys = array(select distinct key from unnest(changes.keys || excluded.keys) as key);
    -- One notification for the transaction: equal ones are sent once.
    first_position := coalesce(nullif(current_setting('broadsheet.first_position', true), '')::bigint, currval('changes_position'));
    perform set_config('broadsheet.first_position', first_position::text, true);
    perform pg_notify('changes', first_position::text);
end $$;

create function place_key(list text, place timestamptz) returns text language sql immutable as $$
    select list || '@' || (extract(epoch from place) * 1000000)::bigint
$$;

create function updated_list(kind text) returns text language sql immutable as $$
    select case kind when 'PAGE' then 'articles/updated-pages' else 'articles/updated' end
$$;

-- The lists that an article stands in, but for those of its tags and authors.
create function list_keys(a articles) returns text[] language sql stable as $$
    select case when a.status in ('PUBLISHED', 'SCHEDULED') then array[
        case when a.kind <> 'PAGE' then place_key('articles', a.published_at) end,
        place_key('articles/kind:' || a.kind, a.published_at),
        place_key(updated_list(a.kind), a.updated_at)
    ] else array[]::text[] end
$$;

create function link_keys(a articles) returns text[] language sql stable as $$
    select case when a.status in ('PUBLISHED', 'SCHEDULED') then array(
        select place_key('articles/tag:' || named.name, a.published_at)
        from article_tags l join tags t on t.id = l.tag_id, unnest(array[t.slug, '#' || t.id]) as named (name) where l.article_id = a.id
        union all
        select place_key('articles/author:' || named.name, a.published_at)
        from article_authors l join authors t on t.id = l.author_id, unnest(array[t.slug, '#' || t.id]) as named (name) where l.article_id = a.id
    ) else array[]::text[] end
$$;

-- All that looks different when an article appears or disappears.
create function appearance_keys(a articles) returns text[] language sql stable as $$
    select array['article:' || a.id, 'article-slug:' || a.slug] || list_keys(a) || link_keys(a)
        || array(select 'article-slug:' || slug from old_slugs where article_id = a.id)
        || array(select 'related:' || article_id from related_stories where related_id = a.id)
$$;

create function log_article() returns trigger language plpgsql as $$
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

-- A link is listed while it has a time: see article_after_update.
create function log_article_tag() returns trigger language plpgsql as $$
begin
    perform log_change('article:' || coalesce(new.article_id, old.article_id), array(
        select key from (values (old.article_id, old.tag_id, old.published_at), (new.article_id, new.tag_id, new.published_at))
            as link (article_id, tag_id, published_at),
            lateral unnest(array['article-tags:' || link.article_id, place_key('articles/tag:#' || link.tag_id, link.published_at),
                (select place_key('articles/tag:' || slug, link.published_at) from tags where id = link.tag_id)]) as key
        where link.published_at is not null));
    return null;
end $$;

create function log_article_author() returns trigger language plpgsql as $$
begin
    perform log_change('article:' || coalesce(new.article_id, old.article_id), array(
        select key from (values (old.article_id, old.author_id, old.published_at), (new.article_id, new.author_id, new.published_at))
            as link (article_id, author_id, published_at),
            lateral unnest(array['article-authors:' || link.article_id, place_key('articles/author:#' || link.author_id, link.published_at),
                (select place_key('articles/author:' || slug, link.published_at) from authors where id = link.author_id)]) as key
        where link.published_at is not null));
    return null;
end $$;

-- For the tables whose rows belong to one article. The argument is what its key begins with.
create function log_part_of_article() returns trigger language plpgsql as $$
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

create function log_author() returns trigger language plpgsql as $$
begin
    perform log_change('author:' || coalesce(new.id, old.id), array['author:' || coalesce(new.id, old.id)]
        || case when (old.slug, old.name) is distinct from (new.slug, new.name) then array['authors'] end
        || case when old.slug is distinct from new.slug then array[
            'author-slug:' || old.slug, 'author-slug:' || new.slug, 'articles/author:' || old.slug, 'articles/author:' || new.slug]
            || array(select 'author-slug:' || slug from old_slugs where author_id = new.id) end);
    return null;
end $$;

create function log_tag() returns trigger language plpgsql as $$
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

create function log_image() returns trigger language plpgsql as $$
begin
    perform log_change('image:' || old.id, array['image:' || old.id]);
    return null;
end $$;

create function log_campaign() returns trigger language plpgsql as $$
begin
    perform log_change('campaign:' || coalesce(new.id, old.id),
        array['campaign:' || coalesce(new.id, old.id), 'campaign-slug:' || old.slug, 'campaign-slug:' || new.slug]);
    return null;
end $$;

create function log_site() returns trigger language plpgsql as $$
begin
    perform log_change('site', array['site']);
    return null;
end $$;

create function log_old_slug() returns trigger language plpgsql as $$
begin
    perform log_change('slug:' || coalesce(new.slug, old.slug), array(
        select case when o.article_id is not null then 'article' when o.author_id is not null then 'author' else 'tag' end || '-slug:' || o.slug
        from (values (old.slug, old.article_id, old.author_id), (new.slug, new.article_id, new.author_id)) as o (slug, article_id, author_id)
        where o.slug is not null));
    return null;
end $$;

create function log_truncate() returns trigger language plpgsql as $$
begin
    perform log_change('everything', array['*']);
    return null;
end $$;
-- +goose StatementEnd

create constraint trigger log after insert or update or delete on articles deferrable initially deferred
    for each row execute function log_article();
create constraint trigger log after insert or update or delete on article_tags deferrable initially deferred
    for each row execute function log_article_tag();
create constraint trigger log after insert or update or delete on article_authors deferrable initially deferred
    for each row execute function log_article_author();
create constraint trigger log after insert or update or delete on related_stories deferrable initially deferred
    for each row execute function log_part_of_article('related');
create constraint trigger log after insert or update or delete on videos deferrable initially deferred
    for each row execute function log_part_of_article('article-extras');
create constraint trigger log after insert or update or delete on corrections deferrable initially deferred
    for each row execute function log_part_of_article('article-extras');
create constraint trigger log after insert or update or delete on revisions deferrable initially deferred
    for each row execute function log_part_of_article('article-extras');
create constraint trigger log after insert or update or delete on authors deferrable initially deferred
    for each row execute function log_author();
create constraint trigger log after insert or update or delete on tags deferrable initially deferred
    for each row execute function log_tag();
create constraint trigger log after update or delete on images deferrable initially deferred
    for each row execute function log_image();
create constraint trigger log after insert or update or delete on campaigns deferrable initially deferred
    for each row execute function log_campaign();
create constraint trigger log after insert or update or delete on site deferrable initially deferred
    for each row execute function log_site();
create constraint trigger log after insert or update or delete on old_slugs deferrable initially deferred
    for each row execute function log_old_slug();
create trigger log_truncate after truncate on articles for each statement execute function log_truncate();
create trigger log_truncate after truncate on article_tags for each statement execute function log_truncate();
create trigger log_truncate after truncate on article_authors for each statement execute function log_truncate();
create trigger log_truncate after truncate on related_stories for each statement execute function log_truncate();
create trigger log_truncate after truncate on videos for each statement execute function log_truncate();
create trigger log_truncate after truncate on corrections for each statement execute function log_truncate();
create trigger log_truncate after truncate on revisions for each statement execute function log_truncate();
create trigger log_truncate after truncate on authors for each statement execute function log_truncate();
create trigger log_truncate after truncate on tags for each statement execute function log_truncate();
create trigger log_truncate after truncate on images for each statement execute function log_truncate();
create trigger log_truncate after truncate on campaigns for each statement execute function log_truncate();
create trigger log_truncate after truncate on old_slugs for each statement execute function log_truncate();

-- +goose Down
drop trigger log on articles;
drop trigger log on article_tags;
drop trigger log on article_authors;
drop trigger log on related_stories;
drop trigger log on videos;
drop trigger log on corrections;
drop trigger log on revisions;
drop trigger log on authors;
drop trigger log on tags;
drop trigger log on images;
drop trigger log on campaigns;
drop trigger log on site;
drop trigger log on old_slugs;
drop trigger log_truncate on articles;
drop trigger log_truncate on article_tags;
drop trigger log_truncate on article_authors;
drop trigger log_truncate on related_stories;
drop trigger log_truncate on videos;
drop trigger log_truncate on corrections;
drop trigger log_truncate on revisions;
drop trigger log_truncate on authors;
drop trigger log_truncate on tags;
drop trigger log_truncate on images;
drop trigger log_truncate on campaigns;
drop trigger log_truncate on old_slugs;
drop function log_article, log_article_tag, log_article_author, log_part_of_article, log_author, log_tag, log_image, log_campaign,
    log_site, log_old_slug, log_truncate, appearance_keys, link_keys, list_keys, updated_list, place_key, log_change;
drop index articles_by_publication, articles_under_embargo, corrections_by_time;
drop table changes;
