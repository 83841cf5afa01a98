-- The role as which searches run where the connecting one is above row-level security. Roles belong to the whole server:
-- another database of it may create the same one at the same moment.
DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'chatbot_search') THEN
        CREATE ROLE chatbot_search NOLOGIN;
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;
END
$$;
GRANT USAGE ON SCHEMA chatbot TO chatbot_search;
GRANT SELECT ON ALL TABLES IN SCHEMA chatbot TO chatbot_search;
