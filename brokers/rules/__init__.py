"""Korean market rules as data with their source; pure, so that a test reads like the rule book."""
