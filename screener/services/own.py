"""나의 조건 as screens."""
