"""`make chaos`: real processes on a bad day, and whether an order or a fill was lost or doubled by it."""
