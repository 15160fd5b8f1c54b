-- +goose Up
-- +goose StatementBegin
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
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
create or replace function log_old_slug() returns trigger language plpgsql as $$
begin
    perform log_change('slug:' || coalesce(new.slug, old.slug), array(
        select case when o.article_id is not null then 'article' when o.author_id is not null then 'author' else 'tag' end || '-slug:' || o.slug
        from (values (old.slug, old.article_id, old.author_id), (new.slug, new.article_id, new.author_id)) as o (slug, article_id, author_id)
        where o.slug is not null));
    return null;
end $$;
-- +goose StatementEnd
