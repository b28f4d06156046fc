"""The nouns: parameters, domains, penalties, rules, terms; no text is read and nothing is calculated."""
