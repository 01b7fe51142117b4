"""`/api/v1/screens/`: the screens and their rows, own screens, saved searches, kept results."""
