-- +goose Up
-- The keys of an article are asked for at every publication, and of everything that is coming. Postgres plans a function in
-- SQL anew for every statement that calls it, which takes a millisecond for each of them; one in PL/pgSQL once in a session.
-- +goose StatementBegin
create or replace function list_keys(a articles) returns text[] language plpgsql stable as $$
begin
    return case when a.status in ('PUBLISHED', 'SCHEDULED') then array[
        case when a.kind <> 'PAGE' then place_key('articles', a.published_at) end,
        place_key('articles/kind:' || a.kind, a.published_at),
        case when a.featured then place_key('articles/featured', a.published_at) end,
        place_key('articles/locale:' || a.locale, a.published_at)
    ] || updated_keys(a) else array[]::text[] end;
end $$;

create or replace function link_keys(a articles) returns text[] language plpgsql stable as $$
begin
    return case when a.status in ('PUBLISHED', 'SCHEDULED') then array(
        select unnest(owner_keys('tag', t.id, t.slug, a.published_at, a.updated_at))
        from article_tags l join tags t on t.id = l.tag_id where l.article_id = a.id
        union all
        select unnest(owner_keys('author', t.id, t.slug, a.published_at, a.updated_at))
        from article_authors l join authors t on t.id = l.author_id where l.article_id = a.id
    ) else array[]::text[] end;
end $$;

create or replace function appearance_keys(a articles) returns text[] language plpgsql stable as $$
begin
    return array['article:' || a.id, 'article-slug:' || a.slug, place_key('articles/appeared', appears_at(a))] || list_keys(a) || link_keys(a)
        || array(select 'article-slug:' || slug from old_slugs where article_id = a.id)
        || array(select 'related:' || article_id from related_stories where related_id = a.id);
end $$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
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

create or replace function appearance_keys(a articles) returns text[] language sql stable as $$
    select array['article:' || a.id, 'article-slug:' || a.slug, place_key('articles/appeared', appears_at(a))] || list_keys(a) || link_keys(a)
        || array(select 'article-slug:' || slug from old_slugs where article_id = a.id)
        || array(select 'related:' || article_id from related_stories where related_id = a.id)
$$;
-- +goose StatementEnd
