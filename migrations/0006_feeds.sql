-- +goose Up
-- What feeds need beside the articles: which stories were taken back, queries that the newsroom saved as feeds, and the
-- files of the sitemap.

-- Stories that the public could see and that were taken back, with the lists that they stood in. A row stays when its
-- article is deleted, and goes when the story is published again.
create table retractions (
    article_id   bigint primary key,
    position     bigint not null unique, -- of the change that took it back
    slug         text not null,
    kind         text not null,
    locale       text not null,
    published_at timestamptz not null,
    visible_from timestamptz not null, -- when the public could first see it
    retracted_at timestamptz not null,
    reason       text,
    tags         bigint[] not null,
    authors      bigint[] not null
);
create index retractions_by_time on retractions (retracted_at);

create table saved_feeds (
    name       text primary key check (name ~ '^[a-z][a-z0-9-]{0,99}$'),
    title      text not null,
    document   text not null,  -- GraphQL, as it was saved
    variables  jsonb not null, -- of the document
    arguments  jsonb not null, -- of the list of articles that the document asks for
    created_at timestamptz not null default now()
);

-- A file of the sitemap lists the articles with 10,000 ids in a row, so that files do not change when others grow.
create index articles_by_sitemap on articles (((id - 1) / 10000), greatest(updated_at, published_at, embargoed_until) desc)
    where status <> 'DRAFT';

-- +goose StatementBegin
create function note_retraction() returns trigger language plpgsql as $$
declare
    visible_from timestamptz;
begin
    if new.status <> 'RETRACTED' then
        delete from retractions where article_id = new.id;
        if found then
            perform log_change('article:' || new.id, array['retractions']);
        end if;
        return null;
    end if;
    if tg_op = 'INSERT' then
        visible_from := greatest(new.published_at, new.embargoed_until);
    elsif old.status <> 'RETRACTED' then
        visible_from := greatest(old.published_at, old.embargoed_until);
        if visible_from is null or visible_from > now() then
            return null;
        end if;
        visible_from := least(visible_from, new.retracted_at); -- which may have been set to any time
    elsif (new.slug, new.kind, new.locale, new.retracted_at, new.retraction_reason) is distinct from (old.slug, old.kind, old.locale, old.retracted_at, old.retraction_reason) then
        select r.visible_from into visible_from from retractions r where r.article_id = new.id;
    end if;
    if visible_from is null or visible_from > new.retracted_at then
        return null;
    end if;
    perform log_change('article:' || new.id, array['retractions']);
    insert into retractions (article_id, position, slug, kind, locale, published_at, visible_from, retracted_at, reason, tags, authors)
    values (new.id, (select position from changes where transaction = pg_current_xact_id() and subject = 'article:' || new.id),
        new.slug, new.kind, new.locale, new.published_at, visible_from, new.retracted_at, new.retraction_reason,
        array(select tag_id from article_tags where article_id = new.id), array(select author_id from article_authors where article_id = new.id))
    on conflict (article_id) do update set position = excluded.position, slug = excluded.slug, kind = excluded.kind, locale = excluded.locale,
        retracted_at = excluded.retracted_at, reason = excluded.reason;
    return null;
end $$;

create function log_saved_feed() returns trigger language plpgsql as $$
begin
    perform log_change('feed:' || coalesce(new.name, old.name), array['feed:' || old.name, 'feed:' || new.name]);
    return null;
end $$;

-- Keys sitemap:NUMBER, of the file that lists the article.
create function log_sitemap() returns trigger language plpgsql as $$
declare
    article bigint := case tg_table_name when 'articles' then (to_jsonb(coalesce(new, old)) ->> 'id')::bigint
        else (to_jsonb(coalesce(new, old)) ->> 'article_id')::bigint end;
begin
    perform log_change('article:' || article, array['sitemap:' || (article - 1) / 10000 + 1]);
    return null;
end $$;

create function log_sitemap_image() returns trigger language plpgsql as $$
begin
    perform log_change('image:' || new.id, array(
        select distinct 'sitemap:' || (a.id - 1) / 10000 + 1 from articles a where a.lead_image_id = new.id
        union
        select distinct 'sitemap:' || (v.article_id - 1) / 10000 + 1 from videos v where v.poster_id = new.id));
    return null;
end $$;
-- +goose StatementEnd

create constraint trigger note_retraction after insert on articles deferrable initially deferred
    for each row when (new.status = 'RETRACTED') execute function note_retraction();
create constraint trigger note_retraction_of_known after update on articles deferrable initially deferred
    for each row when (new.status = 'RETRACTED' or old.status = 'RETRACTED') execute function note_retraction();
create constraint trigger log after insert or update or delete on saved_feeds deferrable initially deferred
    for each row execute function log_saved_feed();
create constraint trigger log_sitemap after insert on articles deferrable initially deferred
    for each row when (new.status <> 'DRAFT') execute function log_sitemap();
create constraint trigger log_sitemap_of_known after update on articles deferrable initially deferred
    for each row when ((new.status <> 'DRAFT' or old.status <> 'DRAFT') and old is distinct from new) execute function log_sitemap();
create constraint trigger log_sitemap_of_deleted after delete on articles deferrable initially deferred
    for each row when (old.status <> 'DRAFT') execute function log_sitemap();
create constraint trigger log_sitemap after insert or update or delete on videos deferrable initially deferred
    for each row execute function log_sitemap();
create constraint trigger log_sitemap after insert or update or delete on corrections deferrable initially deferred
    for each row execute function log_sitemap();
create constraint trigger log_sitemap after update on images deferrable initially deferred
    for each row when (old.url <> new.url) execute function log_sitemap_image();

insert into retractions (article_id, position, slug, kind, locale, published_at, visible_from, retracted_at, reason, tags, authors)
select a.id, nextval('changes_position'), a.slug, a.kind, a.locale, a.published_at, greatest(a.published_at, a.embargoed_until), a.retracted_at, a.retraction_reason,
    array(select tag_id from article_tags where article_id = a.id), array(select author_id from article_authors where article_id = a.id)
from articles a
where a.status = 'RETRACTED' and greatest(a.published_at, a.embargoed_until) <= a.retracted_at
order by a.retracted_at;

-- +goose Down
drop trigger note_retraction on articles;
drop trigger note_retraction_of_known on articles;
drop trigger log_sitemap on articles;
drop trigger log_sitemap_of_known on articles;
drop trigger log_sitemap_of_deleted on articles;
drop trigger log_sitemap on videos;
drop trigger log_sitemap on corrections;
drop trigger log_sitemap on images;
drop table saved_feeds, retractions;
drop function note_retraction, log_saved_feed, log_sitemap, log_sitemap_image;
drop index articles_by_sitemap;
