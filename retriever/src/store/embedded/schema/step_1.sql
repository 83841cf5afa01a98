CREATE TABLE state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    generation INTEGER NOT NULL,
    committed_ms INTEGER NOT NULL,
    next_chunk INTEGER NOT NULL,
    embedding_model TEXT NOT NULL,
    embedding_dimensions INTEGER NOT NULL
) STRICT;
INSERT INTO state VALUES (1, 0, 0, 1, '', 0);
CREATE TABLE collections (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE documents (
    id INTEGER PRIMARY KEY,
    collection INTEGER NOT NULL REFERENCES collections (id),
    document_id TEXT NOT NULL,
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
    first_chunk INTEGER NOT NULL,
    chunk_count INTEGER NOT NULL,
    indexed_ms INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    UNIQUE (collection, document_id)
) STRICT;
CREATE TABLE vectors (
    document INTEGER PRIMARY KEY REFERENCES documents (id),
    numbers BLOB NOT NULL
) STRICT;
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY,
    document INTEGER NOT NULL REFERENCES documents (id),
    heading_path TEXT NOT NULL,
    text TEXT NOT NULL,
    first_byte INTEGER,
    end_byte INTEGER,
    page INTEGER,
    importance REAL NOT NULL,
    tokens INTEGER NOT NULL,
    content_type INTEGER NOT NULL
) STRICT;
CREATE TABLE feedback (
    id INTEGER PRIMARY KEY,
    answer_id TEXT NOT NULL,
    positive INTEGER NOT NULL,
    comment TEXT NOT NULL,
    given_ms INTEGER NOT NULL,
    stored_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX feedback_by_answer ON feedback (answer_id);
