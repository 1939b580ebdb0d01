from django.db import migrations

JOBS = {"jobs:read", "jobs:write"}
ALL = "jobs:read jobs:write schedules:read schedules:write webhooks:read webhooks:write account:read"


def keep_rights(apps, schema_editor):
    """Keys for jobs were keys for schedules, too; those that could do everything still can."""
    for key in apps.get_model("jobs", "ApiKey").objects.iterator():
        scopes = key.scopes.split()
        of_schedules = [scope.replace("jobs:", "schedules:") for scope in scopes if scope in JOBS]
        key.scopes = ALL if JOBS <= set(scopes) else " ".join(dict.fromkeys(scopes + of_schedules))
        key.save(update_fields=["scopes"])


class Migration(migrations.Migration):
    dependencies = [("jobs", "0013_limits_and_test_keys")]
    operations = [migrations.RunPython(keep_rights, migrations.RunPython.noop)]
