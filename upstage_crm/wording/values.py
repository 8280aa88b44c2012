"""What is wrong with a value that was typed: the part of `sentences.SENTENCES` about values."""

from __future__ import annotations

from collections.abc import Mapping

VALUE_SENTENCES: Mapping[str, str] = {
    # Email addresses.
    "email_invalid": "This is not an email address.",
    "email_empty": "Enter an email address.",
    "email_too_long": "This address is too long: 254 characters at most.",
    "email_control_character": "The address holds a line break or another control character.",
    "email_invisible_character": "The address holds an invisible character. Type it by hand.",
    "email_display_name": "Enter the address only, without a name or angle brackets.",
    "email_quoted_local_part": "Addresses with quotation marks cannot be used here.",
    "email_several": "Enter one address only.",
    "email_two_at_signs": "An address has exactly one @ sign.",
    "email_at_sign_missing": "An address needs an @ sign, as in name@example.org.",
    "email_space": "An address has no spaces in it.",
    "email_encoded_word": "The address holds encoded text. Type it by hand.",
    "email_local_part_missing": "Something is missing before the @ sign.",
    "email_local_part_not_ascii": "Only plain letters, digits and signs can be used before the @.",
    "email_local_part_too_long": "The part before the @ is too long: 64 characters at most.",
    "email_local_part_invalid": "The part before the @ is not right. Check its dots and symbols.",
    "email_domain_missing": "Something is missing after the @ sign.",
    "email_ip_address": "Enter a domain name after the @, not a number.",
    "email_trailing_dot": "Remove the dot at the end.",
    "email_top_level_missing": "The domain has no ending such as .org or .com.",
    "email_domain_reserved": "Email cannot be delivered to this domain.",
    "email_domain_invalid": "The part after the @ is not a domain name.",
    # Texts and values.
    "text_invalid": "This text cannot be used.",
    "text_too_long": "This is too long: {limit} characters at most.",
    "text_line_break": "Enter one line only.",
    "text_card_number": "This looks like a payment card number. Remove it before you continue.",
    "value_invalid": "This value cannot be used.",
    "value_missing": "Enter a value.",
    "name_character": "A name cannot hold the character {character}.",
    "name_without_letter": "A name needs at least one letter.",
    "patron_name_missing": "Enter a given name or a family name.",
    "phone_unreadable": "This is not a phone number.",
    "phone_country_unknown": "This country code does not exist.",
    "phone_area_code_missing": "The area code is missing.",
    "phone_too_short": "This phone number is too short.",
    "phone_too_long": "This phone number is too long.",
    "phone_extension": "Leave the extension out: only the number itself can be kept.",
    "phone_impossible": "This phone number cannot exist.",
    "country_unknown": "Choose a country.",
    "date_unreadable": "Enter a date that exists.",
    "date_in_future": "This date is in the future.",
    "date_too_early": "This date is too long ago.",
    "field_unknown": "There is no such field.",
}
