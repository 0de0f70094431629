"""Numbers to numbers, compiled. Knows neither tables nor files."""
