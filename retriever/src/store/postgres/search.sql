-- One search in one statement, over one snapshot. The first row tells what was searched, the others are candidates.
--
-- `probes` are what the word index is asked, each with the weight that a match gives; `forms` are all forms of the question's
-- terms, for which `ranks` of a candidate tells how often it holds each. Without `meaning` the
-- question's vector only gives the candidates their cosine.
--
-- The names in braces are filled in when it is created: `nearest` is `search` for a question without words.
CREATE OR REPLACE FUNCTION chatbot.{name}(
    names text[], question halfvec, probes text[], probe_weights real[], forms text[], wanted integer, ef_search integer,
    exact_chunks bigint, probe_rows integer, filter jsonb, meaning boolean
) RETURNS TABLE (
    generation bigint, committed_ms bigint, all_chunks bigint[], all_terms bigint[], found_collections text[],
    place integer, cosine real, ranks real[], term_count integer, collection text, ordinal integer, heading_path text,
    passage text, first_byte bigint, end_byte bigint, page integer, importance real, tokens integer, content_type integer,
    header text
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
    ids integer[];
    names_found text[];
    reachable bigint;
    allowed bigint[];
    by_meaning bigint[] := '{}';
    distances double precision[];
    by_words bigint[] := '{}';
    asked tsquery[] := forms::tsquery[];
    ignored text;
BEGIN
    SELECT s.generation, s.committed_ms, a.ids, a.reachable, a.chunks, a.terms, a.names
      INTO generation, committed_ms, ids, reachable, all_chunks, all_terms, found_collections
      FROM chatbot.state s CROSS JOIN (
        SELECT array_agg(o.id) AS ids, coalesce(sum(o.chunks), 0) AS reachable, array_agg(o.chunks) AS chunks,
               array_agg(o.terms) AS terms, array_agg(o.name) AS names
          FROM (SELECT * FROM chatbot.collections c WHERE c.name = ANY (names) ORDER BY c.id) o) a;
    names_found := found_collections;
    RETURN NEXT;
    IF ids IS NULL OR reachable = 0 THEN
        RETURN;
    END IF;
    -- Assigned, it is evaluated at once; `PERFORM` would plan and run a statement.
    ignored := set_config('chatbot.collections', ids::text, true);
    IF filter IS NOT NULL THEN
        SELECT coalesce(array_agg(d.id), '{}'), coalesce(sum(v.chunk_count), 0) INTO allowed, reachable
          FROM chatbot.documents d JOIN chatbot.versions v ON v.id = d.current
         WHERE chatbot.passes(v, d.name, filter);
        IF reachable = 0 THEN
            RETURN;
        END IF;
    END IF;
    IF question IS NOT NULL AND meaning THEN
        IF reachable > exact_chunks THEN
            ignored := set_config('hnsw.ef_search', least(greatest(ef_search, wanted), 1000)::text, true);
            IF allowed IS NULL THEN
                SELECT coalesce(array_agg(n.chunk), '{}'), array_agg(n.distance) INTO by_meaning, distances FROM (
                    SELECT l.chunk, l.embedding <#> question AS distance FROM chatbot.live l
                     ORDER BY l.embedding <#> question LIMIT wanted) n;
            ELSE
                SELECT coalesce(array_agg(n.chunk), '{}'), array_agg(n.distance) INTO by_meaning, distances FROM (
                    SELECT l.chunk, l.embedding <#> question AS distance FROM chatbot.live l
                     WHERE l.document = ANY (allowed) ORDER BY l.embedding <#> question LIMIT wanted) n;
            END IF;
        END IF;
        -- The index gives up after a bounded number of rows that do not pass; then every row is looked at.
        IF reachable <= exact_chunks OR cardinality(by_meaning) < least(wanted, reachable) THEN
            IF allowed IS NULL THEN
                -- An order that no index has keeps the search exact.
                SELECT coalesce(array_agg(n.chunk), '{}'), array_agg(n.distance) INTO by_meaning, distances FROM (
                    SELECT l.chunk, (l.embedding <#> question) + 0 AS distance FROM chatbot.live l
                     WHERE l.collection = ANY (ids) ORDER BY 2, 1 LIMIT wanted) n;
            ELSE
                SELECT coalesce(array_agg(n.chunk), '{}'), array_agg(n.distance) INTO by_meaning, distances FROM (
                    SELECT l.chunk, (l.embedding <#> question) + 0 AS distance FROM chatbot.live l
                     WHERE l.document = ANY (allowed) ORDER BY 2, 1 LIMIT wanted) n;
            END IF;
        END IF;
    END IF;
    IF cardinality(probes) > 0 THEN
        by_words := ARRAY(
            SELECT m.chunk
              FROM unnest(probes::tsquery[], probe_weights) p (probe, weight)
             CROSS JOIN LATERAL (
                SELECT w.chunk FROM chatbot.words w WHERE w.live AND w.words @@ p.probe LIMIT probe_rows) m
             WHERE allowed IS NULL
                OR (SELECT l.document = ANY (allowed) FROM chatbot.live l WHERE l.chunk = m.chunk)
             GROUP BY m.chunk ORDER BY sum(p.weight) DESC, m.chunk LIMIT wanted);
    END IF;
    RETURN QUERY
        SELECT NULL::bigint, NULL::bigint, NULL::bigint[], NULL::bigint[], NULL::text[], u.place,
               (-{distance})::real, {ranks}, {terms},
               names_found[array_position(ids, k.collection)], k.ordinal, k.heading_path, k.text, k.first_byte,
               k.end_byte, k.page, k.importance, k.tokens,
               k.content_type, k.header
          FROM (SELECT n.chunk, n.distance, n.place::integer AS place
                  FROM unnest(by_meaning, distances) WITH ORDINALITY n (chunk, distance, place)
                 UNION ALL
                SELECT b.chunk, NULL, NULL FROM unnest(by_words) b (chunk) WHERE b.chunk <> ALL (by_meaning)) u
          JOIN chatbot.chunks k ON k.id = u.chunk{words};
END
$$;
