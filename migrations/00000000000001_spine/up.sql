-- Needs pgvector >= 0.8.2. A managed database may have created it already.
CREATE EXTENSION IF NOT EXISTS vector;

-- Access -------------------------------------------------------------------------------------

CREATE TABLE api_keys (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    owner_id text NOT NULL,
    prefix text NOT NULL,
    hash bytea NOT NULL UNIQUE,
    scopes text[] NOT NULL,
    collections text[],
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz
);

CREATE TABLE audit_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL,
    action text NOT NULL,
    subject_type text NOT NULL,
    subject_id text NOT NULL,
    details jsonb NOT NULL DEFAULT '{}'
);

-- Chat ---------------------------------------------------------------------------------------

CREATE TABLE conversations (
    id uuid PRIMARY KEY,
    owner_id text NOT NULL,
    title text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX conversations_by_owner ON conversations (owner_id, id DESC);

CREATE TABLE turns (
    id uuid PRIMARY KEY,
    conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
    owner_id text NOT NULL,
    question_id uuid NOT NULL UNIQUE,
    status text NOT NULL CHECK (status IN ('accepted', 'retrieving', 'answering',
        'completed', 'abstained', 'escalated', 'failed', 'cancelled')),
    reason text,
    collections text[],
    idempotency_key text,
    request_hash bytea NOT NULL,
    -- Every restart of the answer is a new generation; two are never spliced.
    generation integer NOT NULL DEFAULT 1,
    lease_owner text,
    lease_expires_at timestamptz,
    deadline_at timestamptz NOT NULL,
    cancel_requested_at timestamptz,
    -- The `done` object and the sources, for resuming from the stored state.
    done jsonb,
    triage jsonb,
    sources jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    CHECK ((finished_at IS NOT NULL) =
        (status IN ('completed', 'abstained', 'escalated', 'failed', 'cancelled'))),
    UNIQUE (owner_id, idempotency_key)
);
CREATE INDEX turns_unfinished ON turns (deadline_at) WHERE finished_at IS NULL;
CREATE INDEX turns_by_conversation ON turns (conversation_id, id);

CREATE TABLE messages (
    id uuid PRIMARY KEY,
    conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
    turn_id uuid NOT NULL REFERENCES turns ON DELETE CASCADE,
    owner_id text NOT NULL,
    role text NOT NULL CHECK (role IN ('user', 'assistant')),
    content text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- No question has two stored answers.
    UNIQUE (turn_id, role)
);
CREATE INDEX messages_by_conversation ON messages (conversation_id, id);

CREATE TABLE feedback (
    message_id uuid NOT NULL REFERENCES messages ON DELETE CASCADE,
    owner_id text NOT NULL,
    rating text NOT NULL CHECK (rating IN ('up', 'down')),
    comment text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (message_id, owner_id)
);

-- Documents ----------------------------------------------------------------------------------

CREATE TABLE collections (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE
);

CREATE TABLE documents (
    id uuid PRIMARY KEY,
    collection_id integer NOT NULL REFERENCES collections,
    external_id text NOT NULL,
    status text NOT NULL CHECK (status IN ('active', 'withdrawn', 'deleted')),
    latest_version integer NOT NULL,
    current_version_id uuid,
    expires_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (collection_id, external_id)
);

CREATE TABLE document_versions (
    id uuid PRIMARY KEY,
    document_id uuid NOT NULL REFERENCES documents ON DELETE CASCADE,
    version integer NOT NULL,
    title text NOT NULL,
    media_type text NOT NULL,
    sha256 bytea NOT NULL,
    size_bytes bigint NOT NULL,
    -- The uploaded bytes; dropped when the document is deleted.
    bytes bytea,
    -- What the parser made of them; every offset counts characters of this.
    text text,
    status text NOT NULL CHECK (status IN ('received', 'indexed', 'failed', 'superseded')),
    reason text,
    created_at timestamptz NOT NULL DEFAULT now(),
    indexed_at timestamptz,
    UNIQUE (document_id, version)
);
CREATE INDEX document_versions_received ON document_versions (created_at) WHERE status = 'received';
ALTER TABLE documents ADD FOREIGN KEY (current_version_id) REFERENCES document_versions;

CREATE TABLE citations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    turn_id uuid NOT NULL REFERENCES turns ON DELETE CASCADE,
    message_id uuid NOT NULL REFERENCES messages ON DELETE CASCADE,
    owner_id text NOT NULL,
    source_id integer NOT NULL,
    document_id uuid NOT NULL,
    version_id uuid NOT NULL,
    quote text NOT NULL,
    start_offset integer NOT NULL,
    end_offset integer NOT NULL,
    answer_start integer NOT NULL,
    answer_end integer NOT NULL
);
CREATE INDEX citations_by_document ON citations (document_id);
CREATE INDEX citations_by_turn ON citations (turn_id);

-- Index --------------------------------------------------------------------------------------

CREATE TABLE embedding_generations (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model text NOT NULL,
    dimension integer NOT NULL CHECK (dimension BETWEEN 1 AND 4000),
    status text NOT NULL CHECK (status IN ('building', 'active', 'retired')),
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (model, dimension)
);
CREATE UNIQUE INDEX one_active_generation ON embedding_generations (status) WHERE status = 'active';

CREATE TABLE chunks (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document_id uuid NOT NULL REFERENCES documents ON DELETE CASCADE,
    version_id uuid NOT NULL REFERENCES document_versions ON DELETE CASCADE,
    collection_id integer NOT NULL,
    ordinal integer NOT NULL,
    page integer,
    start_offset integer NOT NULL,
    end_offset integer NOT NULL,
    text text NOT NULL,
    -- Lexemes after stop words: the document length of BM25.
    lexical_length integer NOT NULL DEFAULT 0,
    UNIQUE (version_id, ordinal)
);
CREATE INDEX chunks_by_document ON chunks (document_id);
CREATE INDEX chunks_by_collection ON chunks (collection_id);

-- Dimension is the generation's; each generation has its own partial HNSW index.
CREATE TABLE chunk_embeddings (
    generation_id integer NOT NULL REFERENCES embedding_generations,
    chunk_id bigint NOT NULL REFERENCES chunks ON DELETE CASCADE,
    collection_id integer NOT NULL,
    embedding halfvec NOT NULL,
    PRIMARY KEY (chunk_id, generation_id)
);
ALTER TABLE chunk_embeddings ALTER COLUMN embedding SET STORAGE PLAIN;
CREATE INDEX chunk_embeddings_by_collection ON chunk_embeddings (generation_id, collection_id);

-- BM25: impact-ordered postings; idf comes from `df` at query time.
CREATE TABLE lexical_terms (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    lexeme text NOT NULL UNIQUE,
    df integer NOT NULL DEFAULT 0
) WITH (fillfactor = 70);

CREATE TABLE lexical_stats (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    chunks bigint NOT NULL,
    total_length bigint NOT NULL
);
INSERT INTO lexical_stats (chunks, total_length) VALUES (0, 0);

CREATE TABLE lexical_postings (
    term_id integer NOT NULL,
    collection_id integer NOT NULL,
    -- No foreign key: a check per posting would cost more than the insert; `drop_chunks` removes both.
    chunk_id bigint NOT NULL,
    -- tf (k1 + 1) / (tf + k1 (1 - b + b dl / avgdl)) with the average length when it was indexed.
    impact real NOT NULL
);
CREATE INDEX lexical_postings_by_impact
    ON lexical_postings (term_id, collection_id, impact DESC) INCLUDE (chunk_id);
CREATE INDEX lexical_postings_by_chunk ON lexical_postings (chunk_id) INCLUDE (term_id);

-- Messaging ----------------------------------------------------------------------------------

CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL UNIQUE,
    topic text NOT NULL,
    envelope jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz
);
CREATE INDEX outbox_waiting ON outbox (id) WHERE published_at IS NULL;
CREATE INDEX outbox_published ON outbox (published_at) WHERE published_at IS NOT NULL;

CREATE TABLE inbox (
    consumer_group text NOT NULL,
    event_id uuid NOT NULL,
    processed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer_group, event_id)
);
CREATE INDEX inbox_by_age ON inbox (processed_at);

CREATE TABLE consumer_members (
    consumer_group text NOT NULL,
    member text NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (consumer_group, member)
);

CREATE TABLE partition_leases (
    consumer_group text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    owner text,
    epoch bigint NOT NULL DEFAULT 0,
    expires_at timestamptz NOT NULL DEFAULT '-infinity',
    next_offset bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (consumer_group, topic, partition)
);

CREATE TABLE dead_letters (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consumer_group text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    record_offset bigint NOT NULL,
    envelope jsonb,
    cause text NOT NULL,
    attempts integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    replayed_at timestamptz,
    UNIQUE (consumer_group, topic, partition, record_offset)
);
