//! The tables after all migrations, for diesel's query builder.
//!
//! `tests/persistence/schema.rs` compares every column with a migrated database. For tables without
//! a primary key, the columns that identify a row are listed, because diesel requires a key.

use diesel::{allow_tables_to_appear_in_same_query, joinable, table};

/// Types of PostgreSQL's extensions.
pub mod sql_types {
    /// A vector of 16-bit floats, from pgvector.
    #[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
    #[diesel(postgres_type(name = "halfvec"))]
    pub struct Halfvec;
}

// Access -------------------------------------------------------------------------------------

table! {
    api_keys (id) {
        id -> Uuid,
        name -> Text,
        owner_id -> Text,
        prefix -> Text,
        hash -> Binary,
        scopes -> Array<Text>,
        collections -> Nullable<Array<Text>>,
        created_at -> Timestamptz,
        expires_at -> Nullable<Timestamptz>,
        revoked_at -> Nullable<Timestamptz>,
    }
}

table! {
    audit_log (id) {
        id -> BigInt,
        at -> Timestamptz,
        actor -> Text,
        action -> Text,
        subject_type -> Text,
        subject_id -> Text,
        details -> Jsonb,
    }
}

// Chat ---------------------------------------------------------------------------------------

table! {
    conversations (id) {
        id -> Uuid,
        owner_id -> Text,
        title -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

table! {
    turns (id) {
        id -> Uuid,
        conversation_id -> Uuid,
        owner_id -> Text,
        question_id -> Uuid,
        status -> Text,
        reason -> Nullable<Text>,
        collections -> Nullable<Array<Text>>,
        idempotency_key -> Nullable<Text>,
        request_hash -> Binary,
        generation -> Integer,
        lease_owner -> Nullable<Text>,
        lease_expires_at -> Nullable<Timestamptz>,
        deadline_at -> Timestamptz,
        cancel_requested_at -> Nullable<Timestamptz>,
        done -> Nullable<Jsonb>,
        triage -> Nullable<Jsonb>,
        sources -> Nullable<Jsonb>,
        created_at -> Timestamptz,
        finished_at -> Nullable<Timestamptz>,
    }
}

table! {
    turn_attempts (turn_id, generation, attempt) {
        turn_id -> Uuid,
        generation -> Integer,
        attempt -> Integer,
        provider -> Text,
        model -> Text,
        started_at -> Timestamptz,
        first_token_ms -> Nullable<BigInt>,
        duration_ms -> Nullable<BigInt>,
        outcome -> Nullable<Text>,
        input_tokens -> Nullable<BigInt>,
        output_tokens -> Nullable<BigInt>,
    }
}

table! {
    messages (id) {
        id -> Uuid,
        conversation_id -> Uuid,
        turn_id -> Uuid,
        owner_id -> Text,
        role -> Text,
        content -> Text,
        created_at -> Timestamptz,
    }
}

table! {
    feedback (message_id, owner_id) {
        message_id -> Uuid,
        owner_id -> Text,
        rating -> Text,
        comment -> Nullable<Text>,
        created_at -> Timestamptz,
    }
}

table! {
    citations (id) {
        id -> BigInt,
        turn_id -> Uuid,
        message_id -> Uuid,
        owner_id -> Text,
        source_id -> Integer,
        document_id -> Uuid,
        version_id -> Uuid,
        quote -> Text,
        start_offset -> Integer,
        end_offset -> Integer,
        answer_start -> Integer,
        answer_end -> Integer,
    }
}

// Documents ----------------------------------------------------------------------------------

table! {
    collections (id) {
        id -> Integer,
        name -> Text,
    }
}

table! {
    documents (id) {
        id -> Uuid,
        collection_id -> Integer,
        external_id -> Text,
        status -> Text,
        latest_version -> Integer,
        current_version_id -> Nullable<Uuid>,
        expires_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        scheduled_version_id -> Nullable<Uuid>,
        scheduled_at -> Nullable<Timestamptz>,
        erase_after -> Nullable<Uuid>,
        source -> Nullable<Text>,
        source_validator -> Nullable<Text>,
    }
}

table! {
    document_versions (id) {
        id -> Uuid,
        document_id -> Uuid,
        version -> Integer,
        title -> Text,
        media_type -> Text,
        sha256 -> Binary,
        size_bytes -> BigInt,
        bytes -> Nullable<Binary>,
        text -> Nullable<Text>,
        status -> Text,
        reason -> Nullable<Text>,
        created_at -> Timestamptz,
        indexed_at -> Nullable<Timestamptz>,
        warnings -> Array<Text>,
        uploaded_by -> Nullable<Text>,
        owner -> Nullable<Text>,
        jurisdiction -> Nullable<Text>,
        audience -> Nullable<Text>,
        effective_from -> Nullable<Timestamptz>,
        review_by -> Nullable<Timestamptz>,
        expires_at -> Nullable<Timestamptz>,
        supersedes -> Nullable<Uuid>,
        approved_by -> Nullable<Text>,
        approved_at -> Nullable<Timestamptz>,
        released_by -> Nullable<Text>,
        findings -> Jsonb,
        stated_title -> Nullable<Text>,
        stated_version -> Nullable<Text>,
        stated_date -> Nullable<Text>,
        stated_review -> Nullable<Text>,
        stated_review_over -> Nullable<Timestamptz>,
        language -> Nullable<Text>,
    }
}

table! {
    document_conflicts (id) {
        id -> BigInt,
        version_id -> Uuid,
        other_version_id -> Uuid,
        start_offset -> Integer,
        end_offset -> Integer,
        other_start_offset -> Integer,
        other_end_offset -> Integer,
        quantities -> Array<Text>,
        other_quantities -> Array<Text>,
        similarity -> Float,
        found_at -> Timestamptz,
    }
}

// Index --------------------------------------------------------------------------------------

table! {
    embedding_generations (id) {
        id -> Integer,
        model -> Text,
        dimension -> Integer,
        status -> Text,
        created_at -> Timestamptz,
    }
}

table! {
    chunks (id) {
        id -> BigInt,
        document_id -> Uuid,
        version_id -> Uuid,
        collection_id -> Integer,
        ordinal -> Integer,
        page -> Nullable<Integer>,
        start_offset -> Integer,
        end_offset -> Integer,
        text -> Text,
        lexical_length -> Integer,
        context -> Nullable<Jsonb>,
    }
}

table! {
    use diesel::sql_types::{BigInt, Integer};
    use super::sql_types::Halfvec;

    chunk_embeddings (chunk_id, generation_id) {
        generation_id -> Integer,
        chunk_id -> BigInt,
        collection_id -> Integer,
        embedding -> Halfvec,
    }
}

table! {
    lexical_terms (id) {
        id -> Integer,
        lexeme -> Text,
        df -> Integer,
    }
}

table! {
    lexical_stats (singleton) {
        singleton -> Bool,
        chunks -> BigInt,
        total_length -> BigInt,
    }
}

table! {
    lexical_postings (chunk_id, term_id) {
        term_id -> Integer,
        collection_id -> Integer,
        chunk_id -> BigInt,
        impact -> Float,
    }
}

table! {
    index_changes (transaction_id, version_id) {
        transaction_id -> BigInt,
        version_id -> Uuid,
        changed_at -> Timestamptz,
    }
}

// Messaging ----------------------------------------------------------------------------------

table! {
    outbox (id) {
        id -> BigInt,
        event_id -> Uuid,
        topic -> Text,
        envelope -> Jsonb,
        created_at -> Timestamptz,
        published_at -> Nullable<Timestamptz>,
    }
}

table! {
    inbox (consumer_group, event_id) {
        consumer_group -> Text,
        event_id -> Uuid,
        processed_at -> Timestamptz,
    }
}

table! {
    consumer_members (consumer_group, member) {
        consumer_group -> Text,
        member -> Text,
        expires_at -> Timestamptz,
    }
}

table! {
    partition_leases (consumer_group, topic, partition) {
        consumer_group -> Text,
        topic -> Text,
        partition -> Integer,
        owner -> Nullable<Text>,
        epoch -> BigInt,
        expires_at -> Timestamptz,
        next_offset -> BigInt,
        attempted_offset -> Nullable<BigInt>,
        attempts -> Integer,
    }
}

table! {
    dead_letters (id) {
        id -> BigInt,
        consumer_group -> Text,
        topic -> Text,
        partition -> Integer,
        record_offset -> BigInt,
        envelope -> Nullable<Jsonb>,
        cause -> Text,
        attempts -> Integer,
        created_at -> Timestamptz,
        replayed_at -> Nullable<Timestamptz>,
    }
}

joinable!(turns -> conversations (conversation_id));
joinable!(messages -> turns (turn_id));
joinable!(citations -> turns (turn_id));
joinable!(feedback -> messages (message_id));
joinable!(documents -> collections (collection_id));
joinable!(document_versions -> documents (document_id));
joinable!(chunks -> document_versions (version_id));
joinable!(chunk_embeddings -> chunks (chunk_id));

allow_tables_to_appear_in_same_query!(
    conversations,
    turns,
    turn_attempts,
    messages,
    feedback,
    citations,
);
allow_tables_to_appear_in_same_query!(
    collections,
    documents,
    document_versions,
    embedding_generations,
    chunks,
    chunk_embeddings,
    lexical_terms,
    lexical_stats,
    lexical_postings,
);
