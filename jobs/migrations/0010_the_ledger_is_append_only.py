from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

GUARD = """
    CREATE FUNCTION jobs_ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE'
            AND to_jsonb(NEW) - 'page_id' - 'job_id' = to_jsonb(OLD) - 'page_id' - 'job_id'
            AND (NEW.page_id IS NULL OR NEW.page_id = OLD.page_id)
            AND (NEW.job_id IS NULL OR NEW.job_id = OLD.job_id)
        THEN RETURN NEW;  -- its page or its job is being deleted
        END IF;
        RAISE EXCEPTION 'Entries of the ledger are added, never changed or deleted.'
            USING ERRCODE = 'restrict_violation';
    END $$;
    CREATE TRIGGER jobs_ledger_is_append_only BEFORE UPDATE OR DELETE ON jobs_ledgerentry
        FOR EACH ROW EXECUTE FUNCTION jobs_ledger_is_append_only();
"""
NO_GUARD = "DROP TRIGGER jobs_ledger_is_append_only ON jobs_ledgerentry; DROP FUNCTION jobs_ledger_is_append_only();"


def note_what_was_unlimited(apps: StateApps, _editor: BaseDatabaseSchemaEditor) -> None:
    charges = apps.get_model("jobs", "LedgerEntry").objects.filter(page__isnull=False)
    charges.filter(job__reserves_credits=False).update(unlimited=True)


def guard(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """On SQLite the model does it alone: Django makes tables anew there, and triggers do not survive that."""
    if editor.connection.vendor == "postgresql":
        editor.execute(GUARD)


def unguard(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute(NO_GUARD)


class Migration(migrations.Migration):
    dependencies = [("jobs", "0009_schedules")]

    operations = [
        migrations.AddField(
            model_name="ledgerentry",
            name="unlimited",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Of a job that had reserved nothing: the balance stayed as it was.",
            ),
        ),
        migrations.RunPython(note_what_was_unlimited, migrations.RunPython.noop, elidable=True),
        migrations.RunPython(guard, unguard),
    ]
