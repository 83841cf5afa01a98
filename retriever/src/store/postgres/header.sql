-- What is told of a document with each of its passages: JSON in one column of the version, and a copy with each chunk that
-- is live, so that a search reads no row but the chunk's. What filters and rollbacks ask for stays in columns of its own.
SELECT set_config('chatbot.collections', coalesce(array_agg(id), '{}')::text, true) FROM chatbot.collections;

ALTER TABLE chatbot.versions ADD COLUMN header text;
UPDATE chatbot.versions v SET header = json_build_object(
    'id', d.name, 'title', v.title, 'kind', v.kind, 'language', v.language,
    'content_sha256', encode(v.content_sha256, 'hex'), 'content_bytes', v.content_bytes, 'modified_ms', v.modified_ms,
    'source_url', v.source_url, 'attributes', v.attributes, 'embedding_model', v.embedding_model,
    'embedding_dimensions', v.embedding_dimensions, 'chunking_version', v.chunking_version)
  FROM chatbot.documents d WHERE d.id = v.document;
ALTER TABLE chatbot.versions
    ALTER COLUMN header SET NOT NULL, DROP COLUMN title, DROP COLUMN content_bytes, DROP COLUMN source_url,
    DROP COLUMN embedding_model, DROP COLUMN embedding_dimensions, DROP COLUMN chunking_version;

-- Of a chunk that only earlier versions hold, it is the header of the last version that held it.
ALTER TABLE chatbot.chunks ADD COLUMN header text NOT NULL DEFAULT '';
UPDATE chatbot.chunks k SET header = v.header
  FROM chatbot.documents d JOIN chatbot.versions v ON v.id = d.current WHERE d.id = k.document;
-- A row of usual size stays in one piece, and is not compressed.
ALTER TABLE chatbot.chunks SET (toast_tuple_target = 8160);
