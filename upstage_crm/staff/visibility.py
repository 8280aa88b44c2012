"""Who sees which protected field of a patron in full, as one pure table. Every surface asks `sees`.

The table names fields by their keys in the registry (`patrons.fields`). A field that it does not
name is masked for all but the few, so that a new one is private until a developer decides.
"""

from __future__ import annotations

from collections.abc import Mapping

from upstage_crm.staff.roles import Role

THE_FEW = frozenset({Role.OWNER, Role.MANAGER, Role.PRIVACY_LEAD})
"""They see everything, protected patrons included."""

SEEN: Mapping[Role, frozenset[str]] = {
    Role.BOX_OFFICE: frozenset({"email", "phone", "name", "address"}),
    Role.MARKETING: frozenset({"email", "name"}),
    Role.DEVELOPMENT: frozenset({"email", "phone", "name", "address"}),
    Role.AUDITOR: frozenset({"name"}),
    Role.READ_ONLY: frozenset({"name"}),
}
"""What everybody else sees of a patron who is not protected."""


def sees(role: Role, key: str, *, is_protected: bool) -> bool:
    """Whether `role` sees the field `key` in full; of a protected patron only the few do."""
    if role in THE_FEW:
        return True
    return not is_protected and key in SEEN.get(role, frozenset())
