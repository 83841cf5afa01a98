-- The oldest generation that can be searched; the time of the newest generation that is older than the log of changes;
-- the generation of the last purge; whether the files may still hold what was removed.
ALTER TABLE state ADD COLUMN oldest INTEGER NOT NULL DEFAULT 0;
ALTER TABLE state ADD COLUMN unlogged_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE state ADD COLUMN purged INTEGER NOT NULL DEFAULT 0;
ALTER TABLE state ADD COLUMN unclean INTEGER NOT NULL DEFAULT 0;
UPDATE state SET oldest = generation, unlogged_ms = committed_ms, unclean = generation > 0;

ALTER TABLE documents RENAME TO documents_1;
ALTER TABLE chunks RENAME TO chunks_1;
ALTER TABLE vectors RENAME TO vectors_1;

-- A document whatever its version.
CREATE TABLE documents (
    id INTEGER PRIMARY KEY,
    collection INTEGER NOT NULL REFERENCES collections (id),
    document_id TEXT NOT NULL,
    UNIQUE (collection, document_id)
) STRICT;
-- What a document was from one generation until another one, which no longer holds it.
CREATE TABLE versions (
    id INTEGER PRIMARY KEY,
    document INTEGER NOT NULL REFERENCES documents (id),
    generation INTEGER NOT NULL,
    ended INTEGER,
    title TEXT NOT NULL,
    kind TEXT NOT NULL,
    language TEXT NOT NULL,
    content_sha256 BLOB NOT NULL,
    content_bytes INTEGER NOT NULL,
    modified_ms INTEGER NOT NULL,
    source_url TEXT NOT NULL,
    attributes TEXT NOT NULL,
    embedding_model TEXT NOT NULL,
    embedding_dimensions INTEGER NOT NULL,
    chunking_version INTEGER NOT NULL,
    chunk_count INTEGER NOT NULL,
    indexed_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX versions_of_document ON versions (document, generation);
CREATE UNIQUE INDEX current_versions ON versions (document) WHERE ended IS NULL;
CREATE INDEX ended_versions ON versions (ended) WHERE ended IS NOT NULL;
-- What versions of a document share. The row key names everything but the vector.
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY,
    document INTEGER NOT NULL REFERENCES documents (id),
    content_key BLOB NOT NULL,
    row_key BLOB NOT NULL,
    heading_path TEXT NOT NULL,
    text TEXT NOT NULL,
    importance REAL NOT NULL,
    tokens INTEGER NOT NULL,
    content_type INTEGER NOT NULL
) STRICT;
CREATE INDEX chunks_by_content ON chunks (document, content_key);
CREATE TABLE vectors (
    chunk INTEGER PRIMARY KEY REFERENCES chunks (id),
    numbers BLOB NOT NULL
) STRICT;
-- Where a version holds a chunk.
CREATE TABLE places (
    version INTEGER NOT NULL REFERENCES versions (id),
    ordinal INTEGER NOT NULL,
    chunk INTEGER NOT NULL REFERENCES chunks (id),
    first_byte INTEGER,
    end_byte INTEGER,
    page INTEGER,
    PRIMARY KEY (version, ordinal)
) STRICT, WITHOUT ROWID;
CREATE INDEX places_of_chunk ON places (chunk);
CREATE TABLE changes (
    generation INTEGER PRIMARY KEY,
    committed_ms INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    collection TEXT NOT NULL,
    document_id TEXT NOT NULL,
    count INTEGER NOT NULL,
    target INTEGER
) STRICT;
CREATE INDEX changes_by_time ON changes (committed_ms, generation);
CREATE TABLE withheld (
    collection INTEGER NOT NULL REFERENCES collections (id),
    document_id TEXT NOT NULL,
    content_sha256 BLOB NOT NULL,
    PRIMARY KEY (collection, document_id)
) STRICT, WITHOUT ROWID;

INSERT INTO documents SELECT id, collection, document_id FROM documents_1;
INSERT INTO versions
    SELECT id, id, generation, NULL, title, kind, language, content_sha256, content_bytes, modified_ms, source_url, attributes,
        embedding_model, embedding_dimensions, chunking_version, chunk_count, indexed_ms FROM documents_1;
