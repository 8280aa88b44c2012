"""The words the demo's patrons are made of. Data only.

A name in another script carries its Latin spelling for an email address: `مريم|maryam`.
Streets and firms are invented; towns, regions and the first digits of postcodes are real.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Culture:
    """A stock of names. `weight` is its share among patrons; `places` are keys of `PLACES`."""

    weight: float
    language: str
    places: tuple[str, ...]
    given: tuple[str, ...]
    family: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A town. In `postcode` each `#` stands for a digit; `area_codes` are North American."""

    city: str
    region: str
    postcode: str
    country: str
    time_zone: str
    area_codes: tuple[str, ...]


def _words(text: str) -> tuple[str, ...]:
    """Split at commas, so that names may hold spaces."""
    return tuple(word.strip() for word in text.split(","))


_NEW_YORK, _LONDON = "America/New_York", "Europe/London"
_VISITORS = ("212", "646", "917")  # patrons abroad give the number of their stay

PLACES: dict[str, tuple[Place, ...]] = {
    "en": (
        Place("New York", "NY", "100##", "US", _NEW_YORK, ("212", "646", "917")),
        Place("New York", "NY", "100##", "US", _NEW_YORK, ("212", "332")),
        Place("Brooklyn", "NY", "112##", "US", _NEW_YORK, ("718", "347", "929")),
        Place("Queens", "NY", "113##", "US", _NEW_YORK, ("718", "347")),
        Place("Jersey City", "NJ", "0730#", "US", _NEW_YORK, ("201", "551")),
        Place("Hoboken", "NJ", "07030", "US", _NEW_YORK, ("201",)),
        Place("Yonkers", "NY", "107##", "US", _NEW_YORK, ("914",)),
        Place("Stamford", "CT", "0690#", "US", _NEW_YORK, ("203", "475")),
        Place("Providence", "RI", "0290#", "US", _NEW_YORK, ("401",)),
        Place("Boston", "MA", "021##", "US", _NEW_YORK, ("617", "857")),
        Place("Philadelphia", "PA", "191##", "US", _NEW_YORK, ("215", "267")),
        Place("Chicago", "IL", "606##", "US", "America/Chicago", ("312", "773")),
        Place("Austin", "TX", "787##", "US", "America/Chicago", ("512", "737")),
        Place("Denver", "CO", "802##", "US", "America/Denver", ("303", "720")),
        Place("Seattle", "WA", "981##", "US", "America/Los_Angeles", ("206",)),
    ),
    "gb": (
        Place("London", "", "SE1 #AA", "GB", _LONDON, _VISITORS),
        Place("Bristol", "", "BS1 #QA", "GB", _LONDON, _VISITORS),
        Place("Leeds", "", "LS1 #BD", "GB", _LONDON, _VISITORS),
        Place("Edinburgh", "", "EH1 #JF", "GB", _LONDON, _VISITORS),
    ),
    "de": (
        Place("Berlin", "", "101##", "DE", "Europe/Berlin", _VISITORS),
        Place("Hamburg", "", "203##", "DE", "Europe/Berlin", _VISITORS),
        Place("Leipzig", "", "041##", "DE", "Europe/Berlin", _VISITORS),
    ),
    "fr": (
        Place("Paris", "", "750##", "FR", "Europe/Paris", _VISITORS),
        Place("Lyon", "", "6900#", "FR", "Europe/Paris", _VISITORS),
        Place("Nantes", "", "440##", "FR", "Europe/Paris", _VISITORS),
    ),
    "es": (
        Place("Madrid", "", "280##", "ES", "Europe/Madrid", _VISITORS),
        Place("Sevilla", "", "410##", "ES", "Europe/Madrid", _VISITORS),
        Place("Valencia", "", "460##", "ES", "Europe/Madrid", _VISITORS),
    ),
}

STREETS: dict[str, tuple[str, ...]] = {
    "US": _words(
        "{} Alder Street, {} Linden Avenue, {} Juniper Court, {} Harbor View Road, "
        "{} Foundry Lane, {} Larkspur Drive, {} Old Mill Road, {} Quarry Street, "
        "{} Beacon Terrace, {} Orchard Place, {} Chandler Street, {} Whitfield Avenue, "
        "{} Ferry Landing, {} Sycamore Boulevard"
    ),
    "GB": _words(
        "{} Cooper's Yard, {} Weavers Row, {} Larch Grove, {} Quayside Mews, "
        "{} Rectory Close, {} Tanner Street, {} Belvoir Crescent"
    ),
    "DE": _words(
        "Lindenhof {}, Am Mühlgraben {}, Gärtnerstraße {}, Kastanienring {}, Zur alten Post {}"
    ),
    "FR": _words(
        "{} rue des Tilleuls, {} allée du Moulin, {} quai des Saules, {} rue de l'Atelier, "
        "{} impasse du Théâtre"
    ),
    "ES": _words(
        "Calle del Olivo {}, Paseo de los Naranjos {}, Plaza del Teatro {}, Calle Mayor Vieja {}"
    ),
}

CULTURES: tuple[Culture, ...] = (
    Culture(
        44,
        "en",
        ("en",),
        _words(
            "Olivia, Emma, Charlotte, Amelia, Sophia, Evelyn, Harper, Eleanor, Hazel, Nora, "
            "Ruby, Alice, Clara, Josephine, Beatrice, Margaret, Frances, Dorothy, Judith, "
            "Carol, Linda, Susan, Barbara, Denise, Tamika, Keisha, Imani, Ebony, Liam, Noah, "
            "Oliver, James, Henry, Theodore, Samuel, Walter, Leo, Miles, Arthur, Franklin, "
            "Raymond, Gerald, Dennis, Robert, William, Marcus, Jamal, Darnell, Andre, Mary Ann, "
            "Jo-Beth, Billy Ray, Quinn, Rowan, Avery, Jordan, Morgan, Taylor"
        ),
        _words(
            "Abbott, Barlow, Bennett, Carver, Chandler, Coleman, Dawson, Ellery, Fairchild, "
            "Fletcher, Garland, Gentry, Halloran, Hargrove, Holloway, Ingram, Jefferson, "
            "Kendall, Langston, Lockhart, Mercer, Merriweather, Nolan, Norwood, Oakes, Parrish, "
            "Pettigrew, Quincy, Radcliffe, Rutherford, Sawyer, Sheffield, Thornton, Tilman, "
            "Underwood, Vance, Wakefield, Washington, Whitaker, Winslow, Yates, St. James, "
            "Van Buren, DeWitt, MacAllister"
        ),
    ),
    Culture(
        9,
        "en",
        ("gb", "en"),
        _words(
            "Imogen, Freya, Poppy, Florence, Harriet, Gwendolen, Rhiannon, Catrin, Ailsa, "
            "Mhairi, Alistair, Callum, Rhys, Gareth, Rupert, Nigel, Angus, Hamish, Barnaby, "
            "Alfie"
        ),
        _words(
            "Ashworth, Blackwood, Cholmondeley, Davies, Ellis, Featherstone, Griffiths, "
            "Hawthorne, Llewellyn, MacGregor, McTavish, Osborne, Pritchard, Smythe-Jones, "
            "Tremayne, Wetherby"
        ),
    ),
    Culture(
        5,
        "en",
        ("en", "gb"),
        _words(
            "Siobhán, Aoife, Niamh, Caoimhe, Gráinne, Saoirse, Róisín, Cillian, Oisín, Pádraig, "
            "Seán, Eoin, Tadhg, Bríd"
        ),
        _words(
            "O'Brien, O'Sullivan, O'Connor, D'Arcy, Ní Dhomhnaill, Ó Súilleabháin, Fitzgerald, "
            "Gallagher, Murphy, O'Shaughnessy, Mac Giolla Phádraig"
        ),
    ),
    Culture(
        13,
        "es",
        ("en", "en", "es"),
        _words(
            "María José, Lucía, Guadalupe, Ximena, Valentina, Inés, Begoña, Rocío, Íñigo, "
            "Ángel, José Luis, Joaquín, Andrés, Raúl, Martín, Nuria, Concepción, Ramón"
        ),
        _words(
            "García Márquez, Núñez, Peña, Ibáñez, Rodríguez, de la Cruz, Castellanos, Zúñiga, "
            "Muñoz-Rivera, Álvarez, Echeverría, Villanueva, Domínguez, Quiñones"
        ),
    ),
    Culture(
        6,
        "fr",
        ("fr", "en"),
        _words(
            "Anaïs, Zoé, Éloïse, Geneviève, Chloé, Maëlle, Jean-Baptiste, François, Noël, Théo, "
            "Anne-Sophie, Loïc, Amélie, Jérôme"
        ),
        _words(
            "Lefèvre, de La Fontaine, Beauchêne, Dubois-Lacroix, Gagné, L'Hermite, Côté, "
            "Rousselot, d'Aubigny, Châtelain, Pélissier"
        ),
    ),
    Culture(
        6,
        "de",
        ("de", "en"),
        _words(
            "Jürgen, Käthe, Björn, Ännchen, Heike, Günther, Sören, Annelie, Karl-Heinz, "
            "Liselotte, Matthias, Ursula, Rüdiger"
        ),
        _words(
            "Müller, Weiß, Schröder, Köhler-Brandt, von Arnsberg, Großmann, Jäger, Böttcher, "
            "Lüdtke, Zschoche, Freifrau von Rheden"
        ),
    ),
    Culture(
        5,
        "ar",
        ("en",),
        _words(
            "مريم|maryam, فاطمة|fatima, ليلى|layla, نور|nour, سلمى|salma, عمر|omar, "
            "يوسف|yousef, خالد|khalid, عبد الرحمن|abdulrahman, Amira, Tariq, Yasmin, Hassan"
        ),
        _words(
            "الزهراني|alzahrani, حداد|haddad, المصري|almasri, بن علي|benali, الخطيب|alkhatib, "
            "Al-Hashimi, El Amrani, Khoury, Najjar"
        ),
    ),
    Culture(
        1.4,
        "en",
        ("en",),
        _words("Wei, Xiaoming, 美玲|meiling, 志强|zhiqiang, Mei-Ling, Jian, 秀英|xiuying"),
        _words("Chen, 王|wang, 李|li, Wu, Ng, Zhang, 欧阳|ouyang"),
    ),
    Culture(
        1,
        "en",
        ("en",),
        _words("健太|kenta, さくら|sakura, Haruto, Yuki, Akiko"),
        _words("Tanaka, 佐藤|sato, Yamamoto, 髙橋|takahashi"),
    ),
    Culture(
        0.9,
        "en",
        ("en",),
        _words("지우|jiwoo, Min-jun, Soo-yeon, Hyun"),
        _words("Kim, 박|park, Choi"),
    ),
    Culture(
        0.9,
        "en",
        ("en",),
        _words("Thị Hương, Văn Đức, Linh, Quốc Anh"),
        _words("Nguyễn, Trần, Phạm"),
    ),
    Culture(
        3,
        "en",
        ("en", "gb"),
        _words(
            "Ananya, Priya, Lakshmi, Arjun, Vikram, Raghunathan, Meenakshi, Deepa, Sanjay, "
            "Aarav, Thiruvengadam"
        ),
        _words("Iyer, Krishnamurthy, Patel, Bose, Mukherjee, Singh, Venkataraman, Qureshi, Rao"),
    ),
    Culture(
        3,
        "en",
        ("en", "gb"),
        _words(
            "Chukwuemeka, Adaeze, Oluwaseun, Kwame, Abena, Thandiwe, Nkechi, Tunde, Zainab, Kofi"
        ),
        _words("Okafor, Adeyemi, Mensah, Nwosu, Dlamini, Owusu-Ansah, Achebe, Balogun"),
    ),
    Culture(
        2,
        "en",
        ("en", "de"),
        _words(
            "Łukasz, Małgorzata, Światosława, Øyvind, Åsa, Zoë, Çağla, İbrahim, Dvořáková-Jana, "
            "Jiří, Ђорђе|djordje, Олена|olena, Ελένη|eleni, Þóra"
        ),
        _words(
            "Wójcik, Żeleński, Sørensen, Ångström, Yıldız, Šimůnek, Ковальчук|kovalchuk, "
            "Παπαδάκη|papadaki, Jónsdóttir, Kurt"
        ),
    ),
    # People with one name: the family name is empty.
    Culture(
        0.8,
        "en",
        ("en",),
        _words("Wirawan, Suharti, Kusuma, Nandhini, Tenzin, Pemba, Mahina, Sukhbir, Aung"),
        ("",),
    ),
)

DOMAINS = (
    *("example.com",) * 5,
    *("example.org",) * 4,
    *("example.net",) * 3,
    *("mail.example.org", "mail.example.com", "post.example.net", "inbox.test", "home.test"),
)

FIRM_NAMES = _words(
    "Larkspur, Halloran, Beacon Hill, Old Mill, Northgate, Fairwater, Kingfisher, "
    "Ashgrove, Stonebridge, Marigold, Silverlake, Copperfield, Whitestone, Harborview, "
    "Juniper, Ridgeway, Elmhurst, Bellweather, Saltmarsh, Foxglove"
)
SCHOOL_ENDINGS = _words(
    "Elementary School, High School, Middle School, Academy, Montessori, "
    "Community College, Drama Club, Youth Theater"
)
FIRM_ENDINGS = _words(
    "& Sons, Legal LLP, Foundation, Brewing Co., Architects, Credit Union, "
    "Senior Living, Travel, Hotel, Charitable Trust, Dental Group"
)

# A tag and its share among persons.
TAGS: tuple[tuple[str, float], ...] = (
    ("subscriber", 0.06),
    ("friend", 0.054),
    ("donor", 0.07),
    ("newsletter", 0.22),
    ("youth theatre", 0.015),
    ("access booking", 0.02),
    ("volunteer usher", 0.008),
    ("press", 0.004),
)

NOTES = (
    "Prefers the aisle, left side.",
    "Uses a wheelchair; books with a companion seat.",
    "Asks for the captioned performance.",
    "Collects tickets at the desk, always early.",
    "Brings a group of eight each December.",
    "Please call in the afternoon only.",
    "Returned two tickets as a donation last spring.",
    "Would like the large-print programme.",
    "New address expected after the move; ask at the next booking.",
    "Spoke with front of house about the late start; very kind about it.",
    "Wants paper tickets by post.",
    "Reads the brochure from back to front, she says.",
    "Hearing loop: row F or closer.",
    "Travels in from out of town; offer matinées first.",
)
