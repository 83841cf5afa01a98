-- Whether a version passes a filter. The filter's keys are those of the contract; an absent key narrows nothing.
CREATE OR REPLACE FUNCTION chatbot.passes(version chatbot.versions, name text, filter jsonb) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT (filter -> 'document_ids' IS NULL OR filter -> 'document_ids' ? name)
       AND (filter -> 'kinds' IS NULL OR filter -> 'kinds' ? version.kind)
       AND (filter -> 'languages' IS NULL OR filter -> 'languages' ? version.language)
       AND (filter -> 'modified_from_ms' IS NULL OR version.modified_ms >= (filter ->> 'modified_from_ms')::bigint)
       AND (filter -> 'modified_before_ms' IS NULL OR version.modified_ms < (filter ->> 'modified_before_ms')::bigint)
       AND (filter -> 'attributes' IS NULL OR version.attributes @> (filter -> 'attributes'))
$$;
