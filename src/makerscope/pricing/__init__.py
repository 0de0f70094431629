"""Arrays to arrays, checked: options and Greeks, implied and realised volatility, surfaces."""
