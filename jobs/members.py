"""Who belongs to an account. There is always an owner, once there was one."""

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Q

from jobs.models import Account, Membership
from jobs.models.membership import Role


class MembershipRefused(Exception):
    """It cannot be as asked. Its text is for people to read."""


def add_member(account: Account, called: str, role: Role) -> Membership:
    """Somebody who may sign in already, by name or mail address. Queries. Raises: MembershipRefused."""
    people = list(User.objects.filter(Q(username=called) | Q(email__iexact=called), is_active=True)[:2])
    if not people:
        raise MembershipRefused(f"Nobody called {called} may sign in here. Staff make new users.")
    if len(people) > 1:
        raise MembershipRefused(f"Several people are called {called}: give the user name.")
    try:
        with transaction.atomic():
            return Membership.objects.create(account=account, user=people[0], role=role)
    except IntegrityError as error:
        raise MembershipRefused(f"{people[0]} is a member already.") from error


@transaction.atomic
def change_role(membership: Membership, role: Role) -> None:
    """Queries. Raises: MembershipRefused."""
    if role != Role.OWNER:
        keep_an_owner(membership)
    Membership.objects.filter(pk=membership.pk).update(role=role)


@transaction.atomic
def remove_member(membership: Membership) -> None:
    """Queries. Raises: MembershipRefused."""
    keep_an_owner(membership)
    membership.delete()


def keep_an_owner(membership: Membership) -> None:
    """Two owners who leave at the same time do so one after the other. Two queries. Raises: MembershipRefused."""
    account = Account.objects.select_for_update(no_key=True).get(pk=membership.account_id)
    owners = Membership.objects.filter(account=account, role=Role.OWNER)
    if not owners.exclude(pk=membership.pk).exists():
        raise MembershipRefused(f"{membership.user} is the last owner: make somebody else one before.")
