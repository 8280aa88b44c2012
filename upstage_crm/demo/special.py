"""The demo patrons that stand for a case worth trying. Pure; invented like all the others."""

from __future__ import annotations

from datetime import datetime, timedelta

from upstage_crm.demo.person import DemoPerson, all_values

PROTECTED_EMAIL = "noor.haddad@example.org"  # whose record a manager marks as protected
_OKAFOR_HOME: dict[str, str | None] = {
    "address_line1": "17 Juniper Court",
    "address_city": "Providence",
    "address_region": "RI",
    "address_postcode": "02906",
    "address_country": "US",
}
_PEMBERTON_HOME: dict[str, str | None] = {
    "address_line1": "4 Cooper's Yard",
    "address_city": "Bristol",
    "address_postcode": "BS1 4QA",
    "address_country": "GB",
}


def special_cases(until: datetime) -> tuple[DemoPerson, ...]:
    """Return the special patrons in a fixed order, their records made before `until`."""
    return (
        DemoPerson(
            edge="moved-mailbox",
            values=all_values(
                given_name="Jane",
                family_name="Marlowe",
                email="jane.marlowe@example.org",
                phone="+12125550117",
                address_line1="88 Alder Street",
                address_line2="Apt 5",
                address_city="New York",
                address_region="NY",
                address_postcode="10011",
                address_country="US",
            ),
            is_email_verified=True,
            pronouns="she/her",
            tags=("subscriber", "friend"),
            note="Rang to say her old provider is closing; see the request.",
            created_at=until - timedelta(days=2490, hours=5),
        ),
        *(
            DemoPerson(
                edge="two-rubys",
                values=all_values(
                    given_name="Ruby",
                    family_name="Okafor",
                    email=email,
                    date_of_birth=birth,
                    **_OKAFOR_HOME,
                ),
                preferred_name=preferred,
                note="One of two sisters named Ruby. Check the date of birth before any change.",
                created_at=until - timedelta(days=days, hours=7),
            )
            for email, birth, preferred, days in (
                ("ruby.okafor@example.com", "2004-02-11", "Ruby A.", 610),
                ("ruby.b.okafor@example.com", "2007-09-30", "Ruby B.", 402),
            )
        ),
        *(
            DemoPerson(
                edge="twice",
                values=all_values(
                    given_name="Harriet", family_name="Quayle", email=email, phone="+12125550163"
                ),
                tags=tags,
                note=note,
                created_at=until - timedelta(days=days, hours=3),
            )
            for email, tags, note, days in (
                ("harriet.quayle@example.org", ("subscriber",), "", 1480),
                ("hquayle@post.example.net", (), "Booked by phone under a new email.", 96),
            )
        ),
        DemoPerson(
            edge="minor",
            values=all_values(
                given_name="Tobi", family_name="Okafor", date_of_birth="2014-06-02", **_OKAFOR_HOME
            ),
            tags=("youth theatre",),
            note="Minor. His mother, Adaeze Okafor, decides.",
            created_at=until - timedelta(days=300, hours=6),
        ),
        DemoPerson(
            edge="mononym",
            values=all_values(given_name="Wirawan", email="wirawan@mail.example.net"),
            is_email_verified=True,
            language="en",
            time_zone="Asia/Jakarta",
            note="Has one name only.",
            created_at=until - timedelta(days=1200, hours=11),
        ),
        DemoPerson(
            edge="right-to-left",
            values=all_values(
                given_name="مريم",
                family_name="الزهراني",
                email="maryam.alzahrani@example.net",
                phone="+13135550142",
                address_line1="231 Linden Avenue",
                address_city="Dearborn",
                address_region="MI",
                address_postcode="48126",
                address_country="US",
            ),
            language="ar",
            time_zone="America/Detroit",
            tags=("subscriber",),
            created_at=until - timedelta(days=830, hours=4),
        ),
        DemoPerson(
            edge="long-name",
            values=all_values(
                given_name="María de los Ángeles Bernardina Inmaculada Concepción",
                family_name="Fernández de Córdoba y Villavicencio",
                email="maria.fernandez@example.com",
                address_line1="Calle del Olivo 12",
                address_city="Sevilla",
                address_postcode="41004",
                address_country="ES",
            ),
            language="es",
            time_zone="Europe/Madrid",
            created_at=until - timedelta(days=95, hours=3),
        ),
        DemoPerson(
            edge="apostrophe",
            values=all_values(
                given_name="Siobhán",
                family_name="O'Dálaigh-Ní Bhriain",
                email="siobhan@mail.example.org",
                phone="+16175550188",
            ),
            is_email_verified=True,
            created_at=until - timedelta(days=1730, hours=8),
        ),
        DemoPerson(
            edge="international-domain",
            values=all_values(
                given_name="Jürgen", family_name="Weiß", email="juergen@bücherwald.test"
            ),
            language="de",
            time_zone="Europe/Berlin",
            created_at=until - timedelta(days=520, hours=9),
        ),
        DemoPerson(
            edge="protected",
            values=all_values(given_name="Noor", family_name="Haddad", email=PROTECTED_EMAIL),
            is_email_verified=True,
            language="fr",
            time_zone="Europe/Paris",
            note="Never ask her anything on the telephone.",
            created_at=until - timedelta(days=210, hours=10),
        ),
        DemoPerson(
            edge="deceased-spouse",
            status="deceased",
            values=all_values(
                given_name="Harold",
                family_name="Pemberton",
                email="pembertons@example.org",
                **_PEMBERTON_HOME,
            ),
            time_zone="Europe/London",
            note="Died in March. The household's letters still carry his name; see Edith.",
            created_at=until - timedelta(days=2700, hours=6),
        ),
        DemoPerson(
            edge="surviving-spouse",
            values=all_values(
                given_name="Edith", family_name="Pemberton", phone="+12125550164", **_PEMBERTON_HOME
            ),
            time_zone="Europe/London",
            tags=("friend", "donor"),
            created_at=until - timedelta(days=2700, hours=5),
        ),
        *(
            DemoPerson(
                edge="swapped-addresses",
                values=all_values(given_name=given, family_name="Castellanos", email=email),
                note="The two have each other's address on file.",
                created_at=until - timedelta(days=700, hours=hours),
            )
            for given, email, hours in (
                ("Inés", "mateo.castellanos@example.com", 2),
                ("Mateo", "ines.castellanos@example.com", 3),
            )
        ),
        DemoPerson(
            edge="bounced",
            values=all_values(
                given_name="Wendell", family_name="Achterberg", email="wendell@example.net"
            ),
            is_email_bounced=True,
            created_at=until - timedelta(days=1510, hours=7),
        ),
        DemoPerson(
            edge="organisation",
            kind="organisation",
            values=all_values(
                given_name="Larkspur Hill Primary School & Nursery",
                email="office@larkspur-hill.example.org",
                phone="+16175550101",
                address_line1="1 School Lane",
                address_city="Boston",
                address_region="MA",
                address_postcode="02116",
                address_country="US",
            ),
            is_email_verified=True,
            tags=("school",),
            created_at=until - timedelta(days=1999, hours=12),
        ),
    )
